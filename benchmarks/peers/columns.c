/* The peer that folds columns in C: of every list the latest figure, of every award and deduction the highest.
 *
 * columns FILE prints in seconds what reading the arrays from the file took, and one pass over them, the best of three;
 * and how many rows it found.
 * The file is what `benchmarks/columns.py` writes; the rule is that of `services/scoring/domain/compiled/fold.py`.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct {
    int32_t rows, series, known_at, last_day, since;
    int64_t *lists; /* of each series the first of the same list, -1 for awards */
    int64_t *value;
    int32_t *occurred, *until, *code;
    int16_t *scale, *placed;
} Table;

static const int64_t POWERS[] = {1, 10, 100, 1000, 10000, 100000, 1000000};

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

static void *array(FILE *file, int32_t count, size_t size) {
    void *found = malloc((size_t)count * size + 1);
    if (found == NULL || fread(found, size, (size_t)count, file) != (size_t)count) {
        exit(1);
    }
    return found;
}

static int64_t fold(const Table *table) {
    int64_t *latest = malloc(sizeof(int64_t) * (size_t)table->series);
    int64_t *highest = malloc(sizeof(int64_t) * 4 * (size_t)table->series);
    int64_t *points = calloc(4 * (size_t)table->series, sizeof(int64_t));
    int64_t found = 0;
    for (int32_t each = 0; each < table->series; each++) {
        latest[each] = -1;
    }
    for (int32_t each = 0; each < 4 * table->series; each++) {
        highest[each] = -1;
    }
    for (int32_t row = 0; row < table->rows; row++) {
        if (table->until[row] <= table->known_at || table->occurred[row] > table->last_day || table->placed[row] < 0) {
            continue;
        }
        int64_t list = table->lists[table->code[row]];
        if (list >= 0) {
            int64_t key = (int64_t)table->occurred[row] << 32 | row;
            if (key > latest[list]) {
                latest[list] = key;
            }
            continue;
        }
        int16_t scale = table->scale[row];
        int64_t side = 4 * (int64_t)table->code[row] + 2 * (table->occurred[row] < table->since) + (scale == -2);
        int64_t number = table->value[row] * POWERS[6 - (scale > 0 ? scale : 0)];
        if (highest[side] < 0 || number > points[side]) {
            highest[side] = row;
            points[side] = number;
        }
    }
    for (int32_t each = 0; each < table->series; each++) {
        found += latest[each] >= 0;
    }
    for (int32_t each = 0; each < 4 * table->series; each++) {
        found += highest[each] >= 0;
    }
    free(latest);
    free(highest);
    free(points);
    return found;
}

int main(int count, char **words) {
    FILE *file = count == 2 ? fopen(words[1], "rb") : NULL;
    int32_t tables;
    if (file == NULL || fread(&tables, sizeof tables, 1, file) != 1) {
        return 1;
    }
    double start = now();
    Table *every = calloc((size_t)tables, sizeof(Table));
    for (Table *each = every; each < every + tables; each++) {
        if (fread(each, sizeof(int32_t), 5, file) != 5) {
            return 1;
        }
        each->lists = array(file, each->series, 8);
        each->value = array(file, each->rows, 8);
        each->occurred = array(file, each->rows, 4);
        each->until = array(file, each->rows, 4);
        each->code = array(file, each->rows, 4);
        each->scale = array(file, each->rows, 2);
        each->placed = array(file, each->rows, 2);
    }
    double reading = now() - start, folding = 1e9;
    int64_t found = 0;
    for (int turn = 0; turn < 3; turn++) {
        start = now();
        found = 0;
        for (Table *each = every; each < every + tables; each++) {
            found += fold(each);
        }
        double took = now() - start;
        folding = took < folding ? took : folding;
    }
    printf("%.9f %.9f %lld\n", reading, folding, (long long)found);
    return 0;
}
