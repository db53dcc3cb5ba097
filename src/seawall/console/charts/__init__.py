"""Charts: one specification for page, report and print.

Times are drawn in the platform's zone (wall-clock time on a UTC scale). Specifications are plain dicts, not altair
objects, whose validation costs 25 ms a chart where a page has eight; `of_altair` takes an altair chart in.
"""

from seawall.console.charts.chart import Chart, ChartError, config, full_spec, of_altair, wall
from seawall.console.charts.flows import Link, Node, graph, sankey
from seawall.console.charts.kinds import bars, distribution, heat_map, over_time, target
from seawall.console.charts.render import image, markup, spark, svg

__all__ = [
    "Chart",
    "ChartError",
    "Link",
    "Node",
    "bars",
    "config",
    "distribution",
    "full_spec",
    "graph",
    "heat_map",
    "image",
    "markup",
    "of_altair",
    "over_time",
    "sankey",
    "spark",
    "svg",
    "target",
    "wall",
]
