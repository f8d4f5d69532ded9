"""The parts every face is composed of: one class each, drawn by ``workbench/widgets/js``.

Traits say what is shown; ``on_...`` methods take what a person did. Every part has ``state`` (ready, loading, empty, error, stale, forbidden), ``message`` and ``remedy``.
"""

from workbench.widgets.parts.assets import static_files
from workbench.widgets.parts.button import Button
from workbench.widgets.parts.candles import Candles
from workbench.widgets.parts.curve import Curve
from workbench.widgets.parts.fields import Choice, Number, Text, Toggle
from workbench.widgets.parts.figures import Card, Cards, Facts, Progress, Spark
from workbench.widgets.parts.gates import GateRows
from workbench.widgets.parts.heatmap import HeatMap
from workbench.widgets.parts.layout import Grid, Header, Heading, Page, Panel, Row
from workbench.widgets.parts.logs import Log, Timeline
from workbench.widgets.parts.marks import Badge, Connection, Empty, Notice, StageTrack
from workbench.widgets.parts.part import Part
from workbench.widgets.parts.plot import Plot
from workbench.widgets.parts.rule_editor import RuleEditor
from workbench.widgets.parts.table import Table

__all__ = [
    "Badge",
    "Button",
    "Candles",
    "Card",
    "Cards",
    "Choice",
    "Connection",
    "Curve",
    "Empty",
    "Facts",
    "GateRows",
    "Grid",
    "Header",
    "Heading",
    "HeatMap",
    "Log",
    "Notice",
    "Number",
    "Page",
    "Panel",
    "Part",
    "Plot",
    "Progress",
    "Row",
    "RuleEditor",
    "Spark",
    "StageTrack",
    "Table",
    "Text",
    "Timeline",
    "Toggle",
    "static_files",
]
