"""The rule language: text to tree with spans, readings, confidence and warnings, and back to canonical text."""

from __future__ import annotations

from workbench.strategy.rules.fallback import Fallback
from workbench.strategy.rules.parse import ParsedRule, ParsedStrategy, parse, parse_number, parse_rule, parse_strategy
from workbench.strategy.rules.phrases import Rewrite
from workbench.strategy.rules.text import write

__all__ = ["Fallback", "ParsedRule", "ParsedStrategy", "Rewrite", "parse", "parse_number", "parse_rule", "parse_strategy", "write"]
