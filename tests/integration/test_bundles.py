"""Bundles between machines: scoring asks intake for its checkpoint over HTTP, and PostgreSQL is restored from one."""

import json
from zipfile import ZipFile

import httpx

from cli.main import run
from shared.contracts.events import ADDED
from tests import bundles
from tests.integration import containers
from tests.integration.cluster import Cluster, wait_for

STRUCTURED = {"Content-Type": "application/cloudevents+json"}


def test_a_bundle_of_two_machines_verifies_and_restores(tmp_path, monkeypatch, capsys):
    """
    Given intake and scoring on Kafka and PostgreSQL,
    when a bundle is asked of scoring and imported into another database,
    then it verifies under the key that intake publishes, and an intake on that database gives the same ledger.
    """
    assessment = f"bundle-{tmp_path.name[-30:].replace('_', '-')}"
    cluster = Cluster(tmp_path, ("intake", "scoring"))
    cluster.merit("topics")
    for name in cluster.ports:
        cluster.merit("migrate", name, name=name)
    cluster.start(*cluster.ports)
    try:
        cluster.ready()
        for row in bundles.rows(bundles.year(12))[:-1]:  # all but the closing, whose digest is of another assessment
            sent = {name: value for name, value in row.items() if name not in ADDED} | {"assessment": assessment}
            answer = httpx.post(f"{cluster.url('intake')}/v1/entries/{assessment}", json=sent, headers=STRUCTURED)
            assert answer.status_code == 201, answer.text
        bundle = tmp_path / "bundle.zip"
        wait_for(lambda: cluster.get("scoring", f"/v1/bundles/{assessment}").status_code == 200)
        bundle.write_bytes(cluster.get("scoring", f"/v1/bundles/{assessment}").content)
        key = cluster.get("intake", f"/v1/checkpoints/{assessment}/keys").text.strip()
        assert run(["verify", str(bundle), "--key", key, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["entries"] == len(bundles.year(12)) - 1
        feed = cluster.get("intake", f"/v1/entries/{assessment}").content
        with ZipFile(bundle) as made:
            assert made.read("entries.jsonl") == feed

        cluster.kill("intake")
        cluster.databases = {**cluster.databases, "intake": containers.postgres().database()}
        monkeypatch.setenv("MERITLOG_DATABASE", cluster.databases["intake"])
        assert run(["import", str(bundle), "--key", key]) == 0
        cluster.start("intake")
        cluster.ready()
        assert cluster.get("intake", f"/v1/entries/{assessment}").content == feed
        assert cluster.get("scoring", f"/v1/bundles/{assessment}").content == bundle.read_bytes()
    finally:
        cluster.stop()
