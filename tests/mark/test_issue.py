"""Certificates from reports: when one is made, when not, and what it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from assaymark import pipeline
from assaymark.mark.embed import embed, strip
from assaymark.mark.issue import Logger, Terms, derived_statement, distribution_statement, inspection_statement, issue
from assaymark.mark.page import certificate_page, qr_svg
from assaymark.mark.profile import BUILT_IN, Profile, ProfileError, load_profile
from assaymark.mark.reasons import Refused
from assaymark.mark.statement import DERIVED, Statement
from assaymark.mark.status import Standing, State
from assaymark.mark.verify import verify
from assaymark.model.report import Report
from assaymark.testing.apk import Apk, manifest
from assaymark.testing.trust import NOW, World

EMPTY = ".class public Lcom/example/a/Main;\n.super Landroid/app/Activity;\n"
TERMS = Terms(issued_at=NOW - 864_000)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package that reads nothing and asks for nothing."""
    made = tmp_path_factory.mktemp("issue") / "app.apk"
    made.write_bytes(
        Apk(manifest=manifest("com.example.a", version_code=3), smali=EMPTY, schemes=("v1", "v2", "v3")).build()
    )
    return made


@pytest.fixture(scope="module")
def report(path: Path) -> Report:
    return pipeline.inspect(path)


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("cn-app-rules-1")


def with_verdict(report: Report, **changes: object) -> Report:
    """Give the report with its first verdict changed."""
    first, *rest = report.verdicts
    return replace(report, verdicts=[first | changes, *rest])


def logger(world: World) -> Logger:
    """Give what logs into a world."""
    return lambda envelope: world.proof(world.log(envelope)).to_bytes()


def test_a_report_that_passes_makes_a_certificate_that_holds(path: Path, report: Report, profile: Profile) -> None:
    world = World()
    statement = inspection_statement(report, [path], profile, 2, TERMS, sm3=True)
    key = world.issuers["platform"].key
    container, certificate = issue(statement, [key], logger(world), world.root())
    marked = path.with_name("marked.apk")
    embed(path, container, marked)
    verdict = verify([marked], world.root(), now=NOW, statuses=[world.status()])
    assert verdict.state == "valid"
    assert certificate.statement == statement
    assert (statement.package, statement.version_code) == ("com.example.a", 3)
    assert set(statement.signers) == {"v1", "v2", "v3"}
    assert set(statement.subjects[0].digest) == {"apkContentSha256", "apkContentSha512", "apkContentSm3"}
    strip(marked, marked)
    assert marked.read_bytes() == path.read_bytes()


def test_it_names_every_clause_that_was_not_assessed(path: Path, report: Report, profile: Profile) -> None:
    statement = inspection_statement(report, [path], profile, 2, TERMS)
    assert statement.inspection is not None
    open_ = {verdict["clause"] for verdict in report.verdicts if verdict["status"] == "not-assessed"}
    assert set(statement.inspection.not_assessed) == open_ != set()


def test_the_same_report_makes_the_same_statement(path: Path, report: Report, profile: Profile) -> None:
    made = [inspection_statement(report, [path], profile, 2, TERMS).to_bytes() for _ in range(2)]
    assert made[0] == made[1]
    assert Statement.parse(made[0]).to_bytes() == made[0]


@pytest.mark.parametrize(
    ("level", "status", "reason", "passes"),
    [
        (1, "violated", None, False),
        (1, "suspected", None, True),
        (2, "suspected", None, False),
        (2, "not-assessed", "gap", False),
        (2, "not-assessed", "clause-failed", False),
        (2, "not-assessed", "needs-run", True),
        (2, "satisfied", None, True),
        (3, "not-assessed", "needs-run", False),
    ],
)
def test_levels(report: Report, profile: Profile, level: int, status: str, reason: str | None, passes: bool) -> None:
    decided = [verdict | {"status": "satisfied", "reason": None} for verdict in report.verdicts]
    changed = with_verdict(replace(report, verdicts=decided), status=status, reason=reason)
    assert (profile.shortcomings(changed, level) == []) is passes


def test_accepted_findings_count_as_findings(path: Path, report: Report, profile: Profile) -> None:
    found = with_verdict(report, status="violated", reason=None)
    clause, subject = found.verdicts[0]["clause"], found.verdicts[0]["subject"]
    accepted = {"clause": clause, "subject": subject, "evidence": list(found.verdicts[0]["evidence"]), "reason": "fine"}
    found = replace(found, coverage=found.coverage | {"exceptions": [accepted]})
    assert found.accepted(found.verdicts[0]) == "fine"
    with pytest.raises(ProfileError, match=clause):
        inspection_statement(found, [path], profile, 1, TERMS)


def test_another_file_than_the_inspected_one(path: Path, report: Report, profile: Profile, tmp_path: Path) -> None:
    other = tmp_path / "other.apk"
    other.write_bytes(Apk(manifest=manifest("com.example.a", version_code=4), smali=EMPTY).build())
    with pytest.raises(ProfileError) as refused:
        inspection_statement(report, [other], profile, 2, TERMS)
    assert refused.value.reason == "other-file"


def test_a_developers_signature_that_does_not_hold(profile: Profile, tmp_path: Path) -> None:
    broken = tmp_path / "broken.apk"
    data = bytearray(Apk(manifest=manifest("com.example.a"), smali=EMPTY).build())
    data[data.index(b"classes.dex") + 60] ^= 1
    broken.write_bytes(bytes(data))
    report = pipeline.inspect(broken)
    with pytest.raises(ProfileError) as refused:
        inspection_statement(
            report, [broken], replace(profile, levels={2: replace(profile.levels[2], unassessed=frozenset())}), 2, TERMS
        )
    assert refused.value.reason == "not-signed-well"


def test_a_report_without_verdicts_of_the_pack(path: Path, report: Report, profile: Profile) -> None:
    with pytest.raises(ProfileError) as refused:
        inspection_statement(replace(report, verdicts=[]), [path], profile, 2, TERMS)
    assert refused.value.reason == "no-verdicts"


def test_what_a_verifier_would_refuse_is_not_handed_out(path: Path, report: Report, profile: Profile) -> None:
    world = World()
    statement = inspection_statement(report, [path], profile, 2, TERMS)
    with pytest.raises(Refused, match="issuer-role"):
        issue(statement, [world.issuers["developer"].key], logger(world), world.root())


def test_a_store_says_what_it_made_and_what_it_sells(path: Path, report: Report, profile: Profile) -> None:
    world = World()
    parent = inspection_statement(report, [path], profile, 2, TERMS)
    derived = derived_statement(parent, parent.subjects[0].digest, [path], ["split by language"], TERMS)
    assert derived.kind == DERIVED
    assert Statement.parse(derived.to_bytes()) == derived
    sold = distribution_statement(report, [path], TERMS)
    container, certificate = issue(sold, [world.issuers["store"].key], logger(world), world.root())
    assert certificate.issuers[0].role == "store"
    assert container


def test_profiles_are_of_their_form() -> None:
    for file in BUILT_IN.glob("*.toml"):
        assert load_profile(file.stem).id == file.stem
    with pytest.raises(ProfileError, match="no profile"):
        load_profile("unknown")


def test_a_profile_that_passes_everything_is_refused(tmp_path: Path) -> None:
    lax = tmp_path / "lax.toml"
    lax.write_text('id="a"\npack="b"\ntitle.zh="c"\ntitle.en="d"\n[levels.1]\nstatuses=[]\nunassessed=[]\n')
    with pytest.raises(ProfileError, match="must refuse"):
        load_profile(str(lax))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_shows_what_a_person_has_to_compare(path: Path, lang: str) -> None:
    world = World()
    statement = world.statement(path, package="com.example.<b>", not_assessed=("app-method-2-1",))
    from assaymark.mark.certificate import check_certificate

    certificate = check_certificate(world.certify(statement), world.root())
    url = "HTTPS://H.EXAMPLE/C/AM-2026-00000001"
    page = certificate_page(
        certificate,
        lang,
        title="title",
        url=url,
        standing=Standing(State.REVOKED, 86_400),
        clauses={"app-method-2-1": "Title & more"},
    )
    assert "com.example.&lt;b&gt;" in page
    assert "<b>" not in page
    assert " ".join(statement.signers["v2"][0][at : at + 8] for at in range(0, 64, 8)) in page
    assert "Title &amp; more <code>app-method-2-1" in page
    assert statement.serial in page
    assert ("revoked" if lang == "en" else "已撤销") in page
    assert "<script" not in page
    assert 'src="data:image/svg+xml;base64,' in page


@pytest.mark.parametrize(("lang", "word"), [("zh", "自检"), ("en", "Own check")])
def test_level_one_is_never_called_certified(path: Path, lang: str, word: str) -> None:
    from assaymark.mark.certificate import check_certificate

    world = World()
    container = world.certify(world.statement(path, level=1), ["developer"])
    page = certificate_page(check_certificate(container, world.root()), lang, title="title")
    heading = page.partition("<h1>")[2].partition("</h1>")[0]
    assert word in heading
    assert "ertif" not in heading
    assert "证书" not in heading


def test_the_qr_code_is_small() -> None:
    """Capital letters make version 2-M do for 37 characters: 25 modules and a border of four."""
    import base64

    svg = base64.b64decode(qr_svg("HTTPS://H.EXAMPLE/C/AM-2026-00000001X").partition(",")[2]).decode()
    assert 'width="33"' in svg
