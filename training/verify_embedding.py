#!/usr/bin/env python3
"""Compare an exported embedding model with the published one, run by torch and transformers.

    verify_embedding.py WEIGHTS_DIR MODEL.onnx TEXTS...

TEXTS are Markdown or JSON-lines files; every string of 20 to 600 characters in them is a text (2,000 at most, evenly
taken). Prints the cosine to the reference (min, 1st percentile, mean), how often a text's nearest other text stays
the same, how the rest of the ten nearest overlap, and milliseconds a text in one thread.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import BertModel

MAX_TOKENS, MOST = 256, 2000
Vectors = NDArray[np.float32]


def strings(value: object) -> Iterator[str]:
    """Every string inside a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings(part)


def texts(paths: list[Path]) -> list[str]:
    """Distinct texts of the files, in order, thinned evenly to MOST."""
    found: dict[str, None] = {}
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            parts = strings(json.loads(line)) if path.suffix == ".jsonl" else [re.sub(r"^[\s#>*-]+|\*\*", "", line)]
            found.update((part, None) for part in parts if 20 <= len(part) <= 600)
    kept = list(found)
    return kept[:: max(1, -(-len(kept) // MOST))]


def pooled(token_vectors: Vectors) -> Vectors:
    """Mean over tokens, then length 1."""
    mean = token_vectors.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean), np.float32)


def by_torch(folder: Path, token_ids: list[list[int]]) -> Vectors:
    """Vectors (n, 384) of the reference."""
    model = BertModel.from_pretrained(folder).eval()
    with torch.inference_mode():
        outputs = (model(input_ids=torch.tensor([ids])).last_hidden_state[0] for ids in token_ids)
        return np.stack([pooled(output.numpy()) for output in outputs])


def by_onnx(path: Path, token_ids: list[list[int]]) -> tuple[Vectors, float]:
    """Vectors (n, 384) of the exported model, and milliseconds a text."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    start = time.perf_counter()
    outputs = [session.run(None, {"input_ids": np.array([ids], np.int64)})[0][0] for ids in token_ids]
    milliseconds = 1000 * (time.perf_counter() - start) / len(token_ids)
    return np.stack([pooled(output) for output in outputs]), milliseconds


def neighbours(vectors: Vectors, count: int) -> NDArray[np.int64]:
    """Each text's nearest other texts, best first, (n, count)."""
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -1)
    return np.argsort(-scores, axis=1, kind="stable")[:, :count]


def main() -> None:
    """Run both and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("texts", type=Path, nargs="+")
    options = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(options.weights / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    token_ids = [encoding.ids for encoding in tokenizer.encode_batch(texts(options.texts))]
    torch.set_num_threads(1)
    reference = by_torch(options.weights, token_ids)
    vectors, milliseconds = by_onnx(options.model, token_ids)
    cosine = (reference * vectors).sum(axis=1)
    want, got = neighbours(reference, 10), neighbours(vectors, 10)
    overlap = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(want, got, strict=True)])
    print(f"texts {len(token_ids)}  tokens a text {np.mean([len(ids) for ids in token_ids]):.1f}")
    print(f"cosine min {cosine.min():.5f}  p1 {np.percentile(cosine, 1):.5f}  mean {cosine.mean():.5f}")
    print(f"top-1 kept {np.mean(want[:, 0] == got[:, 0]):.2%}  top-10 overlap {overlap:.2%}")
    print(f"{milliseconds:.2f} ms a text")


if __name__ == "__main__":
    main()
