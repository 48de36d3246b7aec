"""Codes, ledger and log held against each other: whatever was broken, they tell one story."""

from collections import defaultdict

from main.sweep.databases import way

# Batches that may be committed when the first of them is not logged yet.
AHEAD = way().connections + 1 if way().connections > 1 else 1
# And logged, when the ledger does not know it yet: so many may be logged once more by the next run.
TWICE = AHEAD + 1


def audit(world, *, killed=frozenset(), touched=frozenset(), log=True):
    """Assert that no two of them disagree.

    `killed` are runs that ended between two instructions: until the next run has marked such a one, it may lack its
    last batches in the log, which is written after the commit, or end within a line; the next run writes what is
    missing, some lines perhaps once more. Of an undo that was killed one batch may be missing for good. `touched` are
    the ids of codes that people saved or deleted. `log` is False where the log itself was broken.
    """
    marked = defaultdict(set)
    for code, run in world.query("SELECT id, expired_by_id FROM main_referralcode WHERE expired_by_id IS NOT NULL"):
        marked[run].add(code)
    undos = {undo for (undo,) in world.query("SELECT id FROM main_expirationrun WHERE undo_of_id IS NOT NULL")}
    moved = {code for undo in undos for code in marked[undo]} | touched
    logged = defaultdict(set)
    last_verb = {}
    strays = 0
    again = defaultdict(int)
    for verb, code, run in world.logged() if log else []:
        if code not in marked[run] and code not in moved:
            strays += 1
            continue
        if code in logged[run] and run in killed:
            again[run] += 1
            continue
        assert last_verb.get(code) != verb, f"code {code} was {verb} twice"
        last_verb[code] = verb
        logged[run].add(code)

    # A line that was cut within its run's number tells of another run.
    assert strays <= len(killed), f"{strays} lines of the log tell what did not happen"
    for run, state, count in world.query("SELECT id, state, expired_count + restored_count FROM main_expirationrun"):
        assert state != "running" or run in killed
        if not log:
            assert count == len(marked[run]), f"run {run}: {count} by the ledger, {len(marked[run])} by the codes"
            continue
        unlogged = count - len(logged[run])
        allowed = 1 if run in killed and run in undos else AHEAD if run in killed and state == "running" else 0
        assert 0 <= unlogged <= allowed * way().batch_size, f"run {run}: {unlogged} not in the log"
        assert again[run] <= TWICE * way().batch_size, f"run {run}: {again[run]} twice in the log"
        assert len(marked[run] - logged[run]) <= unlogged, f"run {run} marked what it did not count"

    askew = world.query(
        "SELECT id FROM main_referralcode WHERE status = 'active' AND expired_at IS NOT NULL"
        " OR expired_by_id IN (SELECT id FROM main_expirationrun WHERE undo_of_id IS NULL)"
        " AND (status = 'active' OR expired_at IS NULL)"
    )
    assert {code for (code,) in askew} <= touched, "the status of a code and its mark disagree"


def assert_nothing_is_overdue(world):
    """As seeded, codes are past their date; people give theirs another discount."""
    assert world.query("SELECT count(*) FROM main_referralcode WHERE status = 'active' AND discount = 10") == [(0,)]
