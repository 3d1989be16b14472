"""A run's report: one page that needs nothing else, shows what was measured, and stays small."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from tiny_run import SUITES, make_checkpoint

from limner.dialogue.parts import Picture
from limner.evaluation.figures import picture_table, plots_of
from limner.evaluation.given import Measured
from limner.evaluation.plots import Dot, Line, Point, dot_plot, line_plot, nice_ticks
from limner.evaluation.report import write_report
from limner.evaluation.run import run_suites
from limner.evaluation.run_folder import read_run
from limner.evaluation.suite import Outcome, Shown
from limner.evaluation.table import lines_of, number, signed, verdict, views_of


@pytest.fixture(scope="module")
def run_path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    out = folder / "run"
    checkpoint = make_checkpoint(folder / "model")
    run_suites(["tiny"], Measured(model=str(checkpoint)), num=3, seed=0, out=out, workers=1, suites=SUITES)
    return out


@pytest.fixture(scope="module")
def page(run_path):
    return write_report(run_path, SUITES).read_text(encoding="utf-8")


def told(value, spread=0.1, n=5):
    return {"value": value, "low": value - spread, "high": value + spread, "n": n}


def test_the_page_needs_nothing_from_elsewhere(page):
    assert not re.findall(r'(?:src|href)="(?!#|data:image/jpeg;base64,)', page)
    assert "http" not in page
    assert "<script" not in page


def test_the_page_shows_figure_metrics_chance_and_who_measured(page, run_path):
    assert page.count("data:image/jpeg") == 6, "two pictures of each of three tasks"
    assert page.index("<th>first</th>") < page.index("<th>second</th>")
    assert "&lt;b&gt;2&lt;/b&gt;" in page
    assert "<b>2</b>" not in page, "words of a conversation stay words"
    assert "Paints twice &amp; measures brightness." in page
    row = re.search(r"<code>second.right_side</code></td>(.*?)</tr>", page).group(1)
    assert re.findall(r">([\d.]+(?: to [\d.]+)?)<", row) == ["0.667", "0.000 to 1.000", "0.500", "3", "3"]
    options = read_run(run_path).options
    assert options["judge"] in page
    assert options["model"] in page


def test_every_plot_on_the_page_is_well_formed(page):
    plots = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert len(plots) >= 2
    for plot in plots:
        ElementTree.fromstring(plot)


def test_an_unfinished_run_has_no_report(run_path, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_bytes((run_path / "run.json").read_bytes())
    with pytest.raises(ValueError, match="not finished"):
        write_report(tmp_path / "run", SUITES)
    with pytest.raises(ValueError, match="no evaluation at"):
        write_report(tmp_path, SUITES)


def test_pictures_are_bounded_in_size_and_number(run_path):
    run = read_run(run_path)
    noise = np.random.default_rng(0).integers(0, 255, (900, 700, 3), dtype=np.uint8)
    outcome = Outcome(rows=(), shown=(Shown(column="big", picture=Picture(noise)),))
    tasks = [replace(run.add("big", index, outcome, 0.0), index=index) for index in range(20)]
    table = picture_table(run.path, tasks, budget_bytes=10**9)
    assert (len(table.rows), table.num_tasks) == (8, 20)
    one = len(table.rows[0][0].uri)
    assert one < 120_000, "shrunk before it is embedded"
    assert len(picture_table(run.path, tasks, budget_bytes=3 * one).rows) == 3
    assert picture_table(run.path, tasks, budget_bytes=1).rows == ()


def test_numbered_metrics_become_lines_and_variants_dots():
    metrics = {f"{way}.round_{n}.psnr_db": told(30 - n) for way in ("a", "b") for n in (1, 2, 10)}
    metrics |= {f"{who}.right_state": told(0.5) for who in ("first", "undo")}
    metrics |= {"chance.first.right_state": told(0.3), "alone.ssim": told(0.2)}
    plots = {plot.title: plot.svg for plot in plots_of(metrics)}
    assert list(plots) == ["psnr_db by round", "right_state"]
    assert plots["psnr_db by round"].count("<polyline") == 2
    assert plots["right_state"].count("<circle") == 2
    assert plots["right_state"].count('class="chance"') == 1


def test_a_plot_puts_greater_values_further_right_and_further_up():
    svg = dot_plot([Dot(label="a<b", value=v, low=v, high=v) for v in (0.1, 0.5, 0.9)], title="t")
    places = [float(x) for x in re.findall(r'cx="([\d.]+)"', svg)]
    assert places == sorted(places)
    assert places[1] - places[0] == pytest.approx(places[2] - places[1], abs=0.2)
    assert "a&lt;b" in svg
    points = tuple(Point(x=x, value=v, low=v, high=v) for x, v in ((1, 5.0), (2, 7.0)))
    heights = re.findall(
        r'cy="([\d.]+)"', line_plot([Line(label="l", points=points)], title="t", x_label="x")
    )
    assert float(heights[0]) > float(heights[1]), "y grows downwards in SVG"


@pytest.mark.parametrize("values", [[0.2, 0.9], [-1.2, 3.4], [21.0, 31.5], [5.0], [0.0], [1e-4, 3e-4]])
def test_ticks_are_round_and_enclose(values):
    ticks = nice_ticks(values)
    assert 3 <= len(ticks) <= 8
    assert ticks[0] <= min(values)
    assert ticks[-1] >= max(values)
    assert ticks == sorted(ticks)


def test_lines_say_what_is_better_than_chance():
    metrics = {
        "right_person": told(0.7),
        "chance.right_person": told(0.5, 0),
        "rank": told(40, 20),
        "chance.rank": told(51, 0),
        "psnr_db": told(14.7, 0, n=1),
    }
    lines = {line.metric: line for line in lines_of(metrics)}
    assert list(lines) == ["right_person", "rank", "psnr_db"]
    assert (lines["right_person"].chance, lines["right_person"].above_chance) == ("0.500", True)
    assert lines["rank"].above_chance is False, "its interval holds the chance"
    assert (lines["psnr_db"].interval, lines["psnr_db"].above_chance) == ("", None)


def test_views_stand_beside_the_rate_as_drawn():
    metrics = {
        "right_person": told(0.7),
        "chance.right_person": told(0.5, 0),
        "twin.right_person": told(0.9),
        "tokens.right_person": told(0.95, 0.05),
        "ceiling.right_person": told(0.97),
        "tokens.factors_kept": told(0.99, 0.01),
    }
    lines = {line.metric: line for line in lines_of(metrics)}
    assert list(lines) == ["right_person", "tokens.factors_kept"]
    line = lines["right_person"]
    assert (line.value, line.twin, line.ceiling) == ("0.700", "0.900 (0.800 to 1.000)", "0.970")
    assert line.tokens == "0.950 (0.900 to 1.000)"
    assert list(views_of(list(lines.values())).values()) == [
        "in the tokens",
        "twin (ruler)",
        "true pictures",
        "chance",
    ]
    assert list(views_of([lines["tokens.factors_kept"]])) == []


def test_a_difference_is_better_or_worse_by_the_metric_and_only_when_sure():
    assert verdict("own.right_person", told(0.3)) == "better"
    assert verdict("own.rank", told(0.3)) == "worse"
    assert verdict("own.rank", told(-0.3)) == "better"
    assert verdict("own.right_person", told(0.05)) == ""
    assert verdict("own.unheard_of", told(0.3)) == ""
    assert (number(14.736), number(0.2934), signed(0.5), signed(-0.5)) == (
        "14.74",
        "0.293",
        "+0.500",
        "-0.500",
    )
