#!/usr/bin/env python3
"""Write a trained grader as one ONNX file with 8-bit weights, built by hand.

    python -m training.grader.export BEST.pt OUT.onnx [--fp32 FILE]

One graph serves both readings, a text at a time and nothing padded. A sentence of an answer is read with an empty
past; the keys, values and states of those that count are given to each reading of a statement. So a verdict depends on
nothing but these sentences and the statement.

input_ids (1, n) and places (n) int64; past_keys (6, 12, 32, m), past_values (6, 12, m, 32), answer (1, m, 384)
-> keys, values (as the past, of these tokens), states (1, n, 384); logits: talk (1), that a sentence only talks,
verdict (4), committed (1), where (m).
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper

from training.export_embedding import HEAD, HEADS, HIDDEN, LAYERS, MICROSOFT, Graph, layer_norm, linear, look_up, write
from training.grader.model import ANSWER_TOKENS, STATEMENT_TOKENS

Weights = dict[str, NDArray[np.float32]]


def project(graph: Graph, source: str, key: str, weights: Weights, factor: float = 1.0) -> str:
    """A linear layer by its torch name."""
    kernel, bias = (weights[f"{key}.{kind}"] * np.float32(factor) for kind in ("weight", "bias"))
    return linear(graph, source, key, kernel, bias)


def split(graph: Graph, source: str, order: list[int]) -> str:
    """(1, n, HIDDEN) -> (1, HEADS, ...), the last axes by `order`."""
    parted = graph.add("Reshape", [source, "split"], f"{source}.split")
    return graph.add("Transpose", [parted], f"{source}.heads", perm=order)


def layer(graph: Graph, source: str, number: int, weights: Weights) -> tuple[str, str, str]:
    """One transformer layer, seeing the past as well: its output, and its own keys and values."""
    name = f"layers.{number}"
    query = split(graph, project(graph, source, f"{name}.query", weights, HEAD**-0.5), [0, 2, 1, 3])
    keys = split(graph, project(graph, source, f"{name}.key", weights), [0, 2, 3, 1])
    values = split(graph, project(graph, source, f"{name}.value", weights), [0, 2, 1, 3])
    index = graph.weight(f"{name}.number", np.array([number], np.int64))
    past_keys = graph.add("Gather", ["past_keys", index], f"{name}.past_keys", axis=0)
    past_values = graph.add("Gather", ["past_values", index], f"{name}.past_values", axis=0)
    all_keys = graph.add("Concat", [past_keys, keys], f"{name}.all_keys", axis=3)
    all_values = graph.add("Concat", [past_values, values], f"{name}.all_values", axis=2)
    shares = graph.add("Softmax", [graph.add("MatMul", [query, all_keys], f"{name}.scores")], f"{name}.shares", axis=-1)
    mixed = graph.add("MatMul", [shares, all_values], f"{name}.mixed")
    turned = graph.add("Transpose", [mixed], f"{name}.turned", perm=[0, 2, 1, 3])
    joined = graph.add("Reshape", [turned, "join"], f"{name}.joined")
    attended = graph.add("Add", [project(graph, joined, f"{name}.output", weights), source], f"{name}.residual")
    normed = layer_norm(graph, attended, f"{name}.normed", weights, f"{name}.attended")
    bent = graph.add("Gelu", [project(graph, normed, f"{name}.wide", weights)], f"{name}.bent")
    total = graph.add("Add", [project(graph, bent, f"{name}.narrow", weights), normed], f"{name}.total")
    return layer_norm(graph, total, f"{name}.finished", weights, f"{name}.done"), keys, values


def judge(graph: Graph, states: str, weights: Weights) -> None:
    """The statement's mean looks for its place in the answer, and both give the verdict. A sentence's: its talk."""
    axis = graph.weight("mean.axis", np.array([1], np.int64))
    pooled = graph.add("ReduceMean", [states, axis], "pooled", keepdims=1)
    wanted = project(graph, pooled, "pointer", weights, HIDDEN**-0.5)
    turned = graph.add("Transpose", ["answer"], "answer.turned", perm=[0, 2, 1])
    where = graph.add("MatMul", [wanted, turned], "where.all")
    found = graph.add("MatMul", [graph.add("Softmax", [where], "where.shares", axis=-1), "answer"], "found")
    apart = graph.add("Abs", [graph.add("Sub", [pooled, found], "difference")], "apart")
    both = graph.add("Mul", [pooled, found], "both")
    features = graph.add("Concat", [pooled, found, apart, both], "features", axis=-1)
    bent = graph.add("Gelu", [project(graph, features, "mix", weights)], "mixed")
    flat = graph.weight("flat", np.array([-1], np.int64))
    for name, source in (("verdict", bent), ("committed", bent), ("talk", pooled)):
        product = graph.add("MatMul", [source, graph.weight(f"{name}.w", weights[f"{name}.weight"].T)], f"{name}.mm")
        logits = graph.add("Add", [product, graph.weight(f"{name}.b", weights[f"{name}.bias"])], f"{name}.logits")
        graph.add("Reshape", [logits, flat], name)
    graph.add("Reshape", [where, flat], "where")


def build(weights: Weights, quantised: bool) -> onnx.ModelProto:
    """The whole model."""
    graph = Graph(quantised)
    graph.weight("split", np.array([1, -1, HEADS, HEAD], np.int64))
    graph.weight("join", np.array([1, -1, HIDDEN], np.int64))
    places, kinds = weights["places.weight"], weights["kinds.weight"]
    table = np.concatenate([places[:ANSWER_TOKENS] + kinds[0], places[:STATEMENT_TOKENS] + kinds[1]])
    rows = graph.add("Gather", [graph.weight("places.table", table), "places"], "places.rows")
    summed = graph.add("Add", [look_up(graph, weights["words.weight"]), rows], "summed")
    states = layer_norm(graph, summed, "embedded", weights, "embedded")
    keys, values = [], []
    for number in range(LAYERS):
        states, *own = layer(graph, states, number, weights)
        keys.append(own[0])
        values.append(own[1])
    graph.add("Identity", [states], "states")
    graph.add("Concat", keys, "keys", axis=0)
    graph.add("Concat", values, "values", axis=0)
    judge(graph, states, weights)
    real, whole = TensorProto.FLOAT, TensorProto.INT64
    inputs = [
        helper.make_tensor_value_info("input_ids", whole, [1, "n"]),
        helper.make_tensor_value_info("places", whole, ["n"]),
        helper.make_tensor_value_info("past_keys", real, [LAYERS, HEADS, HEAD, "m"]),
        helper.make_tensor_value_info("past_values", real, [LAYERS, HEADS, "m", HEAD]),
        helper.make_tensor_value_info("answer", real, [1, "a", HIDDEN]),
    ]
    outputs = [
        helper.make_tensor_value_info("keys", real, [LAYERS, HEADS, HEAD, "n"]),
        helper.make_tensor_value_info("values", real, [LAYERS, HEADS, "n", HEAD]),
        helper.make_tensor_value_info("states", real, [1, "n", HIDDEN]),
        helper.make_tensor_value_info("talk", real, [1]),
        helper.make_tensor_value_info("verdict", real, [4]),
        helper.make_tensor_value_info("committed", real, [1]),
        helper.make_tensor_value_info("where", real, ["a"]),
    ]
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid(MICROSOFT, 1)]
    body = helper.make_graph(graph.nodes, "grader", inputs, outputs, graph.weights)
    return helper.make_model(body, opset_imports=opsets, ir_version=9, producer_name="training/grader/export.py")


def main() -> None:
    """Read the checkpoint, write the model, print its size and hash."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--fp32", type=Path)
    options = parser.parse_args()
    state = torch.load(options.checkpoint, map_location="cpu")
    weights = {name: tensor.float().numpy() for name, tensor in state.items()}
    write(build(weights, quantised=True), options.out)
    if options.fp32:
        write(build(weights, quantised=False), options.fp32)
    print(options.out.stat().st_size, hashlib.sha256(options.out.read_bytes()).hexdigest(), options.out.name)


if __name__ == "__main__":
    main()
