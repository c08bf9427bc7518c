import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * The peer that is Kafka Streams: the latest figure of each measure, in a store in memory, at least once.
 *
 * Latest BROKER TOPIC COUNT FOLDER prints how many records a second it processed, from the first on, so that neither
 * the machine's start nor the group's counts.
 */
public final class Latest {
    private static final String STORE = "latest";
    private static final AtomicLong FIRST = new AtomicLong();
    private static final CountDownLatch DONE = new CountDownLatch(1);

    private Latest() {}

    static final class Keeping implements Processor<byte[], byte[], Void, Void> {
        private final ObjectMapper mapper = new ObjectMapper();
        private final long count;
        private long seen;
        private KeyValueStore<String, String> latest;

        Keeping(long count) {
            this.count = count;
        }

        @Override
        public void init(ProcessorContext<Void, Void> context) {
            latest = context.getStateStore(STORE);
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            if (seen++ == 0) {
                FIRST.set(System.nanoTime());
            }
            try {
                JsonNode entry = mapper.readTree(record.value());
                JsonNode data = entry.path("data");
                String name = entry.path("subject").asText() + ' ' + data.path("indicator").asText() + ' '
                    + data.path("measure").asText();
                String figure = data.path("occurred").asText() + ' ' + data.path("value").asText();
                String known = latest.get(name);
                if (known == null || known.compareTo(figure) <= 0) {
                    latest.put(name, figure);
                }
            } catch (java.io.IOException error) {
                throw new IllegalStateException(error);
            }
            if (seen == count) {
                System.out.println(count * 1e9 / (System.nanoTime() - FIRST.get()));
                DONE.countDown();
            }
        }
    }

    public static void main(String[] words) throws InterruptedException {
        long count = Long.parseLong(words[2]);
        Properties settings = new Properties();
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, words[0]);
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "bench-" + System.nanoTime());
        settings.put(StreamsConfig.STATE_DIR_CONFIG, Path.of(words[3]).toString());
        settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        settings.put(StreamsConfig.consumerPrefix("max.poll.records"), "1000");
        StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(Stores.keyValueStoreBuilder(
            Stores.inMemoryKeyValueStore(STORE), Serdes.String(), Serdes.String()).withLoggingDisabled());
        builder.stream(words[1], Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
            .process(() -> new Keeping(count), STORE);
        try (KafkaStreams streams = new KafkaStreams(builder.build(), settings)) {
            streams.start();
            DONE.await();
            streams.close(Duration.ofSeconds(5));
        }
        System.exit(0);
    }
}
