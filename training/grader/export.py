#!/usr/bin/env python3
"""Write a trained grader as one ONNX file with 8-bit weights, built by hand.

    python -m training.grader.export BEST.pt OUT.onnx [--fp32 FILE]

One graph serves both readings, a text at a time and nothing padded. A sentence of an answer is read with an empty
past; the keys, values and states of those that count are given to each reading of a statement. So a verdict depends on
nothing but these sentences and the statement.

input_ids, places (n) and lengths (2: m, n) int64; of each layer past_keys and past_values (12, m, 32); answer (m, 384)
-> of each layer keys and values (12, n, 32); states (n, 384); logits: talk (1), that a sentence only talks, verdict
(4), committed (1), where (m).

A linear layer multiplies whole numbers: each token's input is rounded to 8 bits by the largest of its own numbers, each
output's weights by a scale of their own. Whole numbers add up to the same in any order, so no other token matters; and
no two neighbouring products overflow the 16 bits in which processors without a better instruction add them.
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

from training.export_embedding import HEAD, HEADS, HIDDEN, LAYERS, MICROSOFT, Graph, layer_norm, look_up, write
from training.grader.model import ANSWER_TOKENS, STATEMENT_TOKENS

Weights = dict[str, NDArray[np.float32]]

ZERO = 128
"""The code of 0 where numbers below and above it are alike."""
GELU_ZERO, GELU_LEAST = 24, 0.17
"""The code of 0 behind a GELU, which is never below -0.17: the other codes are for what is above."""
PAIR = 128
"""255 * (|a| + |b|) fits in 16 bits for two neighbouring weights whose codes add up to so much."""


def rounded(kernel: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """(out, in) float32 -> int8 (in, out) and scales (out), such that codes of neighbours add up to PAIR at most."""
    sizes = np.abs(kernel)
    pairs = sizes[:, 0::2] + sizes[:, 1::2]
    scales = np.maximum(np.maximum(pairs.max(axis=1) / (PAIR - 1), sizes.max(axis=1) / 127), 1e-12).astype(np.float32)
    return np.rint(kernel / scales[:, None]).astype(np.int8).T, scales


def codes(graph: Graph, source: str, *, gelu: bool = False) -> tuple[str, str, str]:
    """Each row of the source as bytes: the codes, the code of 0, and what one is worth in each row, (rows, 1)."""
    zero = GELU_ZERO if gelu else ZERO
    centre = graph.weight(f"{source}.centre", np.array(zero, np.uint8))
    last = graph.weight(f"{source}.last", np.array([-1], np.int64))
    size = source if gelu else graph.add("Abs", [source], f"{source}.size")
    most = graph.add("ReduceMax", [size, last], f"{source}.most", keepdims=1)
    share = graph.weight(f"{source}.share", np.array(1 / (255 - zero), np.float32))
    worth = graph.add("Mul", [most, share], f"{source}.worth")
    if gelu:
        least = graph.weight(f"{source}.least", np.array(GELU_LEAST / zero, np.float32))
        worth = graph.add("Max", [worth, least], f"{source}.worth_at_least")
    one = graph.weight(f"{source}.one", np.array(1, np.float32))
    scaled = graph.add("Div", [source, worth], f"{source}.scaled")
    return graph.add("QuantizeLinear", [scaled, one, centre], f"{source}.codes"), centre, worth


def multiply(graph: Graph, source: str, name: str, kernel: NDArray[np.float32], *, gelu: bool = False) -> str:
    """source @ kernel.T; `kernel` is (out, in) as torch stores it."""
    if not graph.quantised:
        return graph.add("MatMul", [source, graph.weight(f"{name}.w", kernel.T)], f"{name}.product")
    weights, scales = rounded(kernel)
    bytes_, centre, worth = codes(graph, source, gelu=gelu)
    one = graph.weight(f"{name}.one", np.array(1, np.float32))
    inputs = [bytes_, graph.weight(f"{name}.q", weights), one, graph.weight(f"{name}.s", scales), centre]
    return graph.add(
        "Mul", [graph.add("MatMulIntegerToFloat", inputs, f"{name}.sums", MICROSOFT), worth], f"{name}.product"
    )


def linear(
    graph: Graph, source: str, name: str, kernel: NDArray[np.float32], bias: NDArray[np.float32], *, gelu: bool = False
) -> str:
    """source @ kernel.T + bias; `gelu`: the source comes out of a GELU."""
    product = multiply(graph, source, name, kernel, gelu=gelu)
    return graph.add("Add", [product, graph.weight(f"{name}.b", bias)], f"{name}.out")


def project(graph: Graph, source: str, key: str, weights: Weights, factor: float = 1.0, *, gelu: bool = False) -> str:
    """A linear layer by its torch name."""
    kernel, bias = (weights[f"{key}.{kind}"] * np.float32(factor) for kind in ("weight", "bias"))
    return linear(graph, source, key, kernel, bias, gelu=gelu)


def attend(graph: Graph, source: str, number: int, weights: Weights) -> str:
    """What each token takes from the past and from those beside it, (n, HIDDEN); names this layer's keys and values."""
    name = f"layers.{number}"
    factors = {"query": np.float32(HEAD**-0.5), "key": np.float32(1), "value": np.float32(1)}
    kernel, bias = (
        np.concatenate([weights[f"{name}.{part}.{kind}"] * factor for part, factor in factors.items()])
        for kind in ("weight", "bias")
    )
    parted = graph.add("Reshape", [linear(graph, source, f"{name}.three", kernel, bias), "heads"], f"{name}.parted")
    turned = graph.add("Transpose", [parted], f"{name}.turned", perm=[1, 0, 2])
    query, keys, values = f"{name}.query", f"keys.{number}", f"values.{number}"
    graph.split(turned, [query, keys, values], axis=0, num_outputs=3)
    past = graph.add("FusedMatMul", [query, f"past_keys.{number}"], f"{name}.to_past", MICROSOFT, transB=1)
    own = graph.add("FusedMatMul", [query, keys], f"{name}.to_own", MICROSOFT, transB=1)
    scores = graph.add("Concat", [past, own], f"{name}.scores", axis=2)
    shares = graph.add("Softmax", [scores], f"{name}.shares", axis=-1)
    graph.split(shares, [f"{name}.of_past", f"{name}.of_own"], sizes="lengths", axis=2)
    from_past = graph.add("MatMul", [f"{name}.of_past", f"past_values.{number}"], f"{name}.from_past")
    from_own = graph.add("MatMul", [f"{name}.of_own", values], f"{name}.from_own")
    mixed = graph.add("Add", [from_past, from_own], f"{name}.mixed")
    back = graph.add("Transpose", [mixed], f"{name}.back", perm=[1, 0, 2])
    return graph.add("Reshape", [back, "join"], f"{name}.joined")


def layer(graph: Graph, source: str, number: int, weights: Weights) -> str:
    """One transformer layer, seeing the past as well."""
    name = f"layers.{number}"
    taken = project(graph, attend(graph, source, number, weights), f"{name}.output", weights)
    attended = graph.add("Add", [taken, source], f"{name}.residual")
    normed = layer_norm(graph, attended, f"{name}.normed", weights, f"{name}.attended")
    bent = graph.add("Gelu", [project(graph, normed, f"{name}.wide", weights)], f"{name}.bent")
    total = graph.add("Add", [project(graph, bent, f"{name}.narrow", weights, gelu=True), normed], f"{name}.total")
    return layer_norm(graph, total, f"{name}.finished", weights, f"{name}.done")


def judge(graph: Graph, states: str, weights: Weights) -> None:
    """The statement's mean looks for its place in the answer, and both give the verdict. A sentence's: its talk."""
    axis = graph.weight("mean.axis", np.array([0], np.int64))
    pooled = graph.add("ReduceMean", [states, axis], "pooled", keepdims=1)
    wanted = project(graph, pooled, "pointer", weights, HIDDEN**-0.5)
    where = graph.add("FusedMatMul", [wanted, "answer"], "where.all", MICROSOFT, transB=1)
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
    graph.weight("heads", np.array([-1, 3 * HEADS, HEAD], np.int64))
    graph.weight("join", np.array([-1, HIDDEN], np.int64))
    places, kinds = weights["places.weight"], weights["kinds.weight"]
    table = np.concatenate([places[:ANSWER_TOKENS] + kinds[0], places[:STATEMENT_TOKENS] + kinds[1]])
    rows = graph.add("Gather", [graph.weight("places.table", table), "places"], "places.rows")
    summed = graph.add("Add", [look_up(graph, weights["words.weight"]), rows], "summed")
    states = layer_norm(graph, summed, "embedded", weights, "embedded")
    for number in range(LAYERS):
        states = layer(graph, states, number, weights)
    graph.add("Identity", [states], "states")
    judge(graph, states, weights)
    real, whole = TensorProto.FLOAT, TensorProto.INT64
    inputs = {"input_ids": (whole, ["n"]), "places": (whole, ["n"]), "lengths": (whole, [2])}
    inputs |= {"answer": (real, ["a", HIDDEN])}
    outputs = {"states": (real, ["n", HIDDEN]), "talk": (real, [1])}
    outputs |= {"verdict": (real, [4]), "committed": (real, [1]), "where": (real, ["a"])}
    for number in range(LAYERS):
        for kind in ("keys", "values"):
            inputs[f"past_{kind}.{number}"] = (real, [HEADS, "m", HEAD])
            outputs[f"{kind}.{number}"] = (real, [HEADS, "n", HEAD])
    told = [[helper.make_tensor_value_info(k, *of) for k, of in side.items()] for side in (inputs, outputs)]
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid(MICROSOFT, 1)]
    body = helper.make_graph(graph.nodes, "grader", *told, graph.weights)
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
