#!/usr/bin/env python3
"""Make the shipped sentence-embedding model: all-MiniLM-L6-v2 with 8-bit weights, as one ONNX file.

    export_embedding.py WEIGHTS_DIR OUT_DIR [--fp32 FILE]

WEIGHTS_DIR holds `model.safetensors` and `tokenizer.json` as published (see README.md). The graph is built by hand with
onnx.helper, so torch is not needed: input_ids (1, tokens) int64 -> token_vectors (1, tokens, 384) float32. There is
no attention mask because nothing is padded: the product embeds one text at a time. Linear layers become MatMulNBits
(8 bits, blocks of 32 along the input), the word table int8 with one scale a row; positions, biases and layer norms
stay float32. The same weights give the same bytes. `--fp32` also writes the unquantised graph, for verify_embedding.py.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
HIDDEN, HEADS, LAYERS, MAX_TOKENS = 384, 12, 6, 256
HEAD = HIDDEN // HEADS
EPSILON = 1e-12
BLOCK = 32
INT8 = 4  # MatMulNBits rounds its input to 8 bits too, a block of one token at a time: three times as fast.
MICROSOFT = "com.microsoft"

Array = NDArray[np.generic]


@dataclass
class Graph:
    """Nodes and weights gathered so far. `quantised` says how linear layers and the word table are stored."""

    quantised: bool
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)

    def add(self, op: str, inputs: list[str], name: str, domain: str = "", **attributes: object) -> str:
        """Append one node with one output; the output carries the node's name."""
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, domain=domain, **attributes))
        return name

    def split(self, source: str, names: list[str], sizes: str = "", **attributes: object) -> None:
        """Append a node that parts `source` into these, of the sizes under a name or all alike."""
        inputs = [source, sizes] if sizes else [source]
        self.nodes.append(helper.make_node("Split", inputs, names, name=f"{source}.split", **attributes))

    def weight(self, name: str, value: Array) -> str:
        """Store a constant under `name`."""
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name


def quantise_rows(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """int8 (rows, columns) and float32 scales (rows, 1), symmetric, one scale a row."""
    scales = np.maximum(np.abs(table).max(axis=1, keepdims=True) / 127, 1e-12).astype(np.float32)
    return np.clip(np.rint(table / scales), -127, 127).astype(np.int8), scales


def quantise_blocks(kernel: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """(out, in) float32 -> uint8 (out, in / BLOCK, BLOCK) around 128, as MatMulNBits wants it, and its scales."""
    rows, columns = kernel.shape
    values, scales = quantise_rows(kernel.reshape(-1, BLOCK))
    codes = (values.astype(np.int16) + 128).astype(np.uint8)
    return codes.reshape(rows, columns // BLOCK, BLOCK), scales.reshape(rows, columns // BLOCK)


def linear(graph: Graph, source: str, name: str, kernel: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
    """source @ kernel.T + bias; `kernel` is (out, in) as torch stores it."""
    if not graph.quantised:
        product = graph.add("MatMul", [source, graph.weight(f"{name}.w", kernel.T)], f"{name}.mm")
    else:
        codes, scales = quantise_blocks(kernel)
        inputs = [source, graph.weight(f"{name}.q", codes), graph.weight(f"{name}.s", scales.reshape(-1))]
        shape = {"N": kernel.shape[0], "K": kernel.shape[1], "bits": 8, "block_size": BLOCK, "accuracy_level": INT8}
        product = graph.add("MatMulNBits", inputs, f"{name}.mm", MICROSOFT, **shape)
    return graph.add("Add", [product, graph.weight(f"{name}.b", bias)], f"{name}.out")


def layer_norm(graph: Graph, source: str, name: str, weights: dict[str, Array], key: str) -> str:
    """Layer normalisation with the weights under `key`."""
    gain = graph.weight(f"{name}.g", weights[f"{key}.weight"])
    shift = graph.weight(f"{name}.b", weights[f"{key}.bias"])
    return graph.add("LayerNormalization", [source, gain, shift], name, axis=-1, epsilon=EPSILON)


def look_up(graph: Graph, table: NDArray[np.float32]) -> str:
    """The words' rows of the table, (1, tokens, HIDDEN)."""
    if not graph.quantised:
        return graph.add("Gather", [graph.weight("words", table), "input_ids"], "words.rows")
    codes, scales = quantise_rows(table)
    rows = graph.add("Gather", [graph.weight("words.q", codes), "input_ids"], "words.codes")
    row_scales = graph.add("Gather", [graph.weight("words.s", scales), "input_ids"], "words.scales")
    as_float = graph.add("Cast", [rows], "words.float", to=TensorProto.FLOAT)
    return graph.add("Mul", [as_float, row_scales], "words.rows")


def embeddings(graph: Graph, weights: dict[str, Array]) -> str:
    """Word + position + segment 0, normalised."""
    words = look_up(graph, weights["embeddings.word_embeddings.weight"])
    places = weights["embeddings.position_embeddings.weight"][:MAX_TOKENS]
    table = graph.weight("places", places + weights["embeddings.token_type_embeddings.weight"][0])
    shape = graph.add("Shape", ["input_ids"], "tokens", start=1, end=2)
    start, axis = graph.weight("zero", np.array([0], np.int64)), graph.weight("axis", np.array([0], np.int64))
    positions = graph.add("Slice", [table, start, shape, axis], "places.rows")
    return layer_norm(graph, graph.add("Add", [words, positions], "sum"), "embedded", weights, "embeddings.LayerNorm")


def heads(graph: Graph, source: str, name: str, order: list[int]) -> str:
    """(1, tokens, HIDDEN) -> (1, HEADS, ...) with the last axes as `order` says."""
    split = graph.add("Reshape", [source, "split"], f"{name}.split")
    return graph.add("Transpose", [split], f"{name}.heads", perm=order)


def attention(graph: Graph, source: str, name: str, weights: dict[str, Array], key: str) -> str:
    """Self-attention of one layer, before its residual. The query's kernel carries 1 / sqrt(HEAD)."""
    parts = {}
    for part, factor in (("query", HEAD**-0.5), ("key", 1.0), ("value", 1.0)):
        kernel, bias = (weights[f"{key}.self.{part}.{kind}"] * np.float32(factor) for kind in ("weight", "bias"))
        parts[part] = linear(graph, source, f"{name}.{part}", kernel, bias)
    query = heads(graph, parts["query"], f"{name}.query", [0, 2, 1, 3])
    keys = heads(graph, parts["key"], f"{name}.key", [0, 2, 3, 1])
    values = heads(graph, parts["value"], f"{name}.value", [0, 2, 1, 3])
    scores = graph.add("MatMul", [query, keys], f"{name}.scores")
    shares = graph.add("Softmax", [scores], f"{name}.shares", axis=-1)
    mixed = graph.add("MatMul", [shares, values], f"{name}.mixed")
    turned = graph.add("Transpose", [mixed], f"{name}.turned", perm=[0, 2, 1, 3])
    joined = graph.add("Reshape", [turned, "join"], f"{name}.joined")
    kernel, bias = weights[f"{key}.output.dense.weight"], weights[f"{key}.output.dense.bias"]
    return linear(graph, joined, f"{name}.output", kernel, bias)


def layer(graph: Graph, source: str, number: int, weights: dict[str, Array]) -> str:
    """One transformer layer."""
    name, key = f"layer{number}", f"encoder.layer.{number}"
    attended = attention(graph, source, f"{name}.attention", weights, f"{key}.attention")
    summed = graph.add("Add", [attended, source], f"{name}.residual")
    normed = layer_norm(graph, summed, f"{name}.attended", weights, f"{key}.attention.output.LayerNorm")
    inner = f"{key}.intermediate.dense"
    wide = linear(graph, normed, f"{name}.wide", weights[f"{inner}.weight"], weights[f"{inner}.bias"])
    bent = graph.add("Gelu", [wide], f"{name}.gelu")
    outer = f"{key}.output.dense"
    narrow = linear(graph, bent, f"{name}.narrow", weights[f"{outer}.weight"], weights[f"{outer}.bias"])
    total = graph.add("Add", [narrow, normed], f"{name}.total")
    return layer_norm(graph, total, f"{name}.done", weights, f"{key}.output.LayerNorm")


def build(weights: dict[str, Array], quantised: bool) -> onnx.ModelProto:
    """The whole model."""
    graph = Graph(quantised)
    graph.weight("split", np.array([1, -1, HEADS, HEAD], np.int64))
    graph.weight("join", np.array([1, -1, HIDDEN], np.int64))
    vectors = embeddings(graph, weights)
    for number in range(LAYERS):
        vectors = layer(graph, vectors, number, weights)
    graph.add("Identity", [vectors], "token_vectors")
    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "tokens"])
    out = helper.make_tensor_value_info("token_vectors", TensorProto.FLOAT, [1, "tokens", HIDDEN])
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid(MICROSOFT, 1)]
    body = helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", [ids], [out], graph.weights)
    return helper.make_model(body, opset_imports=opsets, ir_version=9, producer_name="training/export_embedding.py")


def plain_tokenizer(text: str) -> str:
    """The published tokenizer without its padding, truncated at MAX_TOKENS instead of 128."""
    tokenizer = json.loads(text)
    tokenizer["padding"] = None
    tokenizer["truncation"] = {**tokenizer["truncation"], "max_length": MAX_TOKENS}
    return json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")) + "\n"


def write(model: onnx.ModelProto, path: Path) -> None:
    """Check and write the model, byte for byte the same each time."""
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def main() -> None:
    """Read the weights, write the model and its tokenizer, print what was made."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--fp32", type=Path)
    options = parser.parse_args()
    source = options.weights / "model.safetensors"
    if hashlib.sha256(source.read_bytes()).hexdigest() != WEIGHTS_SHA256:
        parser.error(f"{source} is not the published all-MiniLM-L6-v2")
    weights = load_file(source)
    options.out.mkdir(parents=True, exist_ok=True)
    write(build(weights, quantised=True), options.out / "model.onnx")
    tokenizer = plain_tokenizer((options.weights / "tokenizer.json").read_text("utf-8"))
    (options.out / "tokenizer.json").write_text(tokenizer, "utf-8")
    if options.fp32:
        write(build(weights, quantised=False), options.fp32)
    for path in sorted(options.out.iterdir()):
        print(path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest(), path.name)


if __name__ == "__main__":
    main()
