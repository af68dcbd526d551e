"""Every kind of draw, and how many of it each tier takes.

Numbers and counts follow one list of promises: a row's kind of harm, how often it is drawn in ``make test``, and how often in the two
longer tiers of ``make soak``. A draw is a function of a seed; it raises when something that must never happen did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from soak import chaos, faults, kills, load, power, races, storms, timing, uploads
from soak.ground import Ground

Draw = Callable[[int, Ground], None]


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of harm.

    Args:
        number: Under which it is reported.
        draw: Fails by raising.
        each: What one draw holds ("10 kills"), for the report.
        test, night, release: Draws in ``make test``, in a night and before a release.
    """

    number: str
    draw: Draw
    each: str
    test: int
    night: int
    release: int

    @property
    def name(self) -> str:
        return f"{self.number} {self.draw.__name__.replace('_', ' ')}"


ROWS = (
    Row("1", kills.kill_a_worker, "1 or 2 kills of a worker", 10, 700, 3500),
    Row("1", kills.kill_a_transaction, "10 kills around transactions", 17, 95, 475),
    Row("1", chaos.kill_the_processes, "3 kills of web server and worker", 1, 70, 350),
    Row("1b", kills.wake_a_zombie, "a stopped worker that wakes too late", 4, 100, 1000),
    Row("1c", kills.kill_the_rescue, "a sweep that is killed", 3, 50, 500),
    Row("1d", kills.make_a_poison_job, "a job that kills three workers", 1, 10, 100),
    Row("2", power.cut_the_power, "an image of a disk after a power cut", 50, 500, 5000),
    Row("2b", faults.fail_an_operation, "a failed operation on the disk", 44, 390, 390),
    Row("2c", faults.flip_a_bit_of_a_page, "a flipped bit of the database", 20, 1000, 1000),
    Row("2c", faults.flip_a_byte, "a flipped byte", 50, 1000, 1000),
    Row("3", races.storm_the_checkpoint, "96 commits of 24 writers", 1, 60, 600),
    Row("4", storms.simulate_a_storm, "ten virtual minutes of the queue", 0, 10_000, 100_000),
    Row("5", chaos.kill_postgresql_too, "3 kills of PostgreSQL, web server and worker, 6 jobs", 2, 84, 840),
    Row("6", races.race_for_a_key, "48 who share a key", 2, 50, 500),
    Row("6", kills.kill_a_client, "a client killed around its commit", 3, 50, 500),
    Row("7", races.race_for_a_quota, "200 creates against a limit of 10", 2, 50, 500),
    Row("7", races.race_for_a_quota_on_postgresql, "the same on PostgreSQL", 1, 50, 500),
    Row("9", uploads.cut_an_upload, "an upload whose every part is cut once, from two writers", 2, 50, 200),
    Row("12", timing.time_refused_keys, "20,000 refusals of each kind", 0, 5, 20),
    Row("20", load.crowd_a_server, "300 clients at once for three seconds", 1, 20, 200),
    Row("20b", load.write_without_end, "1,200 writes", 1, 3000, 12_000),
    Row("20c", load.back_up_under_load, "2 backups while another process writes", 1, 25, 250),
    Row("20d", races.flood_the_queue, "60 jobs of one account, 10 of ten", 1, 5, 20),
)
