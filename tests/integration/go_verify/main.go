// Command go_verify checks what Meritlog signs and proves with other people's code: golang.org/x/mod/sumdb/note for
// notes and keys, github.com/transparency-dev/merkle for the tree, github.com/transparency-dev/formats for receipts
// and witnesses. It reads one case a line as JSON, and answers each with "ok" or the reason on a line.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	tlogproof "github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

type testCase struct {
	What          string
	Keys          []string
	Witnesses     []string
	Secret        string
	Text, Note    []byte
	Receipt       []byte
	Origin        string
	Leaf          []byte
	Index         uint64
	First, Second uint64
	FirstRoot     []byte
	SecondRoot    []byte
	Proof         [][]byte
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<24)
	for in.Scan() {
		var c testCase
		err := json.Unmarshal(in.Bytes(), &c)
		if err == nil {
			err = check(c)
		}
		if err == nil {
			fmt.Println("ok")
		} else {
			fmt.Printf("no: %q\n", err.Error())
		}
	}
}

func check(c testCase) error {
	switch c.What {
	case "inclusion":
		return proof.VerifyInclusion(rfc6962.DefaultHasher, c.Index, c.Second, rfc6962.DefaultHasher.HashLeaf(c.Leaf), c.Proof, c.SecondRoot)
	case "consistency":
		return proof.VerifyConsistency(rfc6962.DefaultHasher, c.First, c.Second, c.Proof, c.FirstRoot, c.SecondRoot)
	case "note":
		return checkNote(c)
	case "signed alike":
		return checkSigner(c)
	case "receipt":
		return checkReceipt(c)
	}
	return fmt.Errorf("unknown case %q", c.What)
}

func verifiers(c testCase) (all []note.Verifier, err error) {
	for _, key := range c.Keys {
		v, err := note.NewVerifier(key)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	for _, key := range c.Witnesses {
		v, err := fnote.NewVerifier(key)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// checkNote opens the note with every given key: each must have signed it.
func checkNote(c testCase) error {
	known, err := verifiers(c)
	if err != nil {
		return err
	}
	n, err := note.Open(c.Note, note.VerifierList(known...))
	if err != nil {
		return err
	}
	if n.Text != string(c.Text) {
		return fmt.Errorf("another text: %q", n.Text)
	}
	if len(n.Sigs) != len(known) {
		return fmt.Errorf("%d of %d keys signed", len(n.Sigs), len(known))
	}
	return nil
}

// checkSigner signs the text with the secret key: the note must be the given one to the byte.
func checkSigner(c testCase) error {
	signer, err := note.NewSigner(c.Secret)
	if err != nil {
		return err
	}
	signed, err := note.Sign(&note.Note{Text: string(c.Text)}, signer)
	if err != nil {
		return err
	}
	if string(signed) != string(c.Note) {
		return fmt.Errorf("another note: %q", signed)
	}
	return nil
}

// checkReceipt reads a tlog-proof and follows it from the leaf to the signed checkpoint.
func checkReceipt(c testCase) error {
	known, err := verifiers(c)
	if err != nil {
		return err
	}
	var receipt tlogproof.TLogProof
	if err := receipt.Unmarshal(c.Receipt); err != nil {
		return err
	}
	head, _, _, err := log.ParseCheckpoint(receipt.Checkpoint, c.Origin, known[0], known[1:]...)
	if err != nil {
		return err
	}
	path := make([][]byte, len(receipt.Hashes))
	for i := range receipt.Hashes {
		path[i] = receipt.Hashes[i][:]
	}
	return proof.VerifyInclusion(rfc6962.DefaultHasher, receipt.Index, head.Size, rfc6962.DefaultHasher.HashLeaf(c.Leaf), path, head.Hash)
}
