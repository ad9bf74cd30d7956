"""Learn `cxagent/reading/plainness.json` from the example texts: `PYTHONPATH=. python tests/learn_plainness.py`.

A logistic regression by stochastic descent, in plain Python and the same at every run. It learns from the examples in
the package, from the reader's own paraphrases and from the examples of the guidance; the suites in `evals` measure it
and are never learned from.
"""

import json
import math
import random
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from cxagent.domain.vocabulary import Signal
from cxagent.reading import plainness
from cxagent.reading.wording import plain

READING = Path(plainness.__file__).parent
EXAMPLES = READING / "examples"
MOST_TRAITS = 15_000
ROUNDS = 12
RATE = 0.5
SHRINK = 2e-5

PARAPHRASES = Path(__file__).parent / "reading_messages.yaml"
GUIDANCE = READING.parents[1] / "graphs" / "guidance"
SILENT = frozenset({"irritation", "docs_disputed", "relationship_owner"})
"""Signals that leave the machine its hand on a small account: their wordings are not learned as noteworthy."""

UNPLAIN = frozenset(
    {
        *("admin_ownership_change", "cancellation_threat", "contract_terms_question", "csm_change", "data_deletion"),
        *("delivery_date_commitment", "renewal_discount", "repeat_custom_work", "service_complaint"),
        *("suspected_security_incident",),
    }
)
"""Intents whose examples are no plain requests."""

Traits = tuple[tuple[str, float], ...]
Weights = dict[str, float]


def texts(name: str) -> list[str]:
    """Return the example texts of one kind, whatever they are about."""
    return [text for group in yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text("utf-8")).values() for text in group]


def paraphrases() -> tuple[list[str], list[str]]:
    """Return the reader's paraphrases of signals, and its plain requests."""
    groups = yaml.safe_load(PARAPHRASES.read_text("utf-8"))
    signals = {signal.value for signal in Signal} - SILENT
    return [text for name, group in groups.items() if name in signals for text in group], list(groups["plain"])


def guided() -> list[str]:
    """Return the examples of the guidance whose intents are plain requests."""
    heads = [yaml.safe_load(file.read_text("utf-8").split("---")[1]) for file in sorted(GUIDANCE.glob("*.md"))]
    return [text for head in heads if head["intent"] not in UNPLAIN for text in head["examples"]]


def seen(sentences: Sequence[str]) -> Traits:
    """Return the traits of one or more sentences as one vector of the length that `doubt` gives it."""
    counts = Counter(trait for sentence in sentences for trait in plainness.traits(plain(sentence)))
    length = math.sqrt(counts.total() + plainness.DAMPER)
    return tuple((trait, count / length) for trait, count in counts.items())


def samples(noteworthy: Iterable[str], plain_ones: Iterable[str]) -> list[tuple[Traits, int]]:
    """Return what is learned from: each text whole, and each sentence of the plain ones."""
    found = []
    for text in noteworthy:
        if sentences := list(plainness._sentences(text)):
            found.append((seen(sentences), 1))
    for text in plain_ones:
        sentences = list(plainness._sentences(text))
        found += [(seen([sentence]), 0) for sentence in sentences]
        if len(sentences) > 1:
            found.append((seen(sentences), 0))
    return found


def learn(found: Sequence[tuple[Traits, int]], keep: frozenset[str]) -> Weights:
    """Return the weights that tell the two kinds apart, over the traits to keep; both kinds count alike."""
    share = sum(kind for _, kind in found) / len(found)
    cost = {1: 0.5 / share, 0: 0.5 / (1 - share)}
    data = [(tuple((trait, amount) for trait, amount in traits if trait in keep), kind) for traits, kind in found]
    weights: Weights = dict.fromkeys(keep, 0.0)
    squares: Weights = dict.fromkeys(keep, 1e-2)
    base, base_square = 0.0, 1e-2
    chance = random.Random(11)
    for _ in range(ROUNDS):
        chance.shuffle(data)
        for traits, kind in data:
            value = base + sum(weights[trait] * amount for trait, amount in traits)
            slope = cost[kind] * (1 / (1 + math.exp(-max(-30.0, min(30.0, value)))) - kind)
            base_square += slope * slope
            base -= RATE * slope / math.sqrt(base_square)
            for trait, amount in traits:
                pull = slope * amount + SHRINK * weights[trait]
                squares[trait] += pull * pull
                weights[trait] -= RATE * pull / math.sqrt(squares[trait])
    return weights | {"": base}


def train(noteworthy: Iterable[str], plain_ones: Iterable[str]) -> dict[str, int]:
    """Return the weights in hundredths, over the traits that at least two texts share and that say most."""
    found = samples(noteworthy, plain_ones)
    shared = Counter(trait for traits, _ in found for trait, _ in traits)
    keep = frozenset(trait for trait, count in shared.items() if count > 1)
    weights = learn(found, keep)
    most = sorted(keep, key=lambda trait: (-abs(weights[trait]) * math.sqrt(shared[trait]), trait))[:MOST_TRAITS]
    kept = {trait: round(100 * weights[trait]) for trait in sorted(most)}
    return {"": round(100 * weights[""])} | {trait: weight for trait, weight in kept.items() if weight}


def main() -> None:
    """Write the weights beside the code that reads them."""
    noteworthy, requests = paraphrases()
    weights = train(texts("noteworthy") + noteworthy, texts("plain") + requests + guided())
    target = READING / "plainness.json"
    target.write_text(json.dumps(weights, ensure_ascii=False, indent=0, separators=(",", ":")) + "\n", "utf-8")
    sys.stdout.write(f"{target.name}: {len(weights)} traits, {target.stat().st_size // 1024} KB\n")


if __name__ == "__main__":
    main()
