#!/usr/bin/env python3
"""Does the exported grader say what the trained one says?

    python -m training.grader.verify BEST.pt FOLDER [--answers N]

FOLDER holds model.onnx and calibration.json. Compares on the dev questions, torch in float32, and times both. What the
shipped one leaves out as mere talk is left out of both.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from interviewer.engines.reader import VERDICTS, AnswerReader, probabilities, verdicts
from training.grader.evaluate import judge
from training.grader.model import Encoder, Reader
from training.grader.train import ROOT, TOKENIZER, dev_examples


def main() -> None:
    """Print agreement and times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--answers", type=int, default=100)
    options = parser.parse_args()
    torch.set_num_threads(1)
    reader = Reader()
    reader.load_state_dict(torch.load(options.checkpoint))
    shipped = AnswerReader(TOKENIZER, options.folder)
    shipped.warm()
    examples = dev_examples(options.shared)[:: max(1, len(dev_examples(options.shared)) // options.answers)]
    told = [(e, "\n".join(shipped.hear(e.answer).sentences)) for e in examples]
    examples = [replace(e, answer=text) for e, text in told if text]
    encoder = Encoder(TOKENIZER)
    judge(reader, encoder, examples[:1], half=False)
    start = time.perf_counter()
    judged = [judge(reader, encoder, [e], half=False)[0] for e in examples]
    torch_time = time.perf_counter() - start
    start = time.perf_counter()
    read = [
        shipped.read(
            e.answer, [s.text for s in e.statements if not s.pitfall], [s.text for s in e.statements if s.pitfall]
        )
        for e in examples
    ]
    onnx_time = time.perf_counter() - start
    fitted = shipped.calibration
    wanted = verdicts(probabilities(np.concatenate([j.points for j in judged]), fitted), fitted)
    said = [VERDICTS.index(r.verdict) for points, _ in read for r in points]
    odds = np.concatenate([j.pitfalls for j in judged]) / fitted.pitfall_temperature + fitted.pitfall_shift
    committed = [r.committed >= fitted.committed for _, pitfalls in read for r in pitfalls]
    print(f"{len(examples)} answers: same verdict {np.mean(wanted == said):.3f} of {len(said)}", end="")
    print(
        f", same pitfall {np.mean((1 / (1 + np.exp(-odds)) >= fitted.committed) == committed):.3f} of {len(committed)}"
    )
    print(
        f"torch {1000 * torch_time / len(examples):.0f} ms an answer, shipped {1000 * onnx_time / len(examples):.0f} ms"
    )


if __name__ == "__main__":
    main()
