"""30-I6: what serverless.yml promises of queues and alarms, beside what `make cfn-lint` checks."""

from typing import Any

import pytest
import yaml

from tests.demo import ROOT

FUNCTIONS = ("oauth_callback", "crm_api", "amocrm_events", "refresh_tokens", "run_deliveries", "render_quotation")


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Knows CloudFormation's tags by their values."""


_Loader.add_multi_constructor("!", lambda loader, _tag, node: loader.construct_scalar(node))


@pytest.fixture(scope="module")
def service() -> Any:
    return yaml.load((ROOT / "serverless.yml").read_text(encoding="utf-8"), _Loader)


@pytest.fixture(scope="module")
def alarms(service: Any) -> list[dict[str, Any]]:
    resources = service["resources"]["Resources"].values()
    return [one["Properties"] for one in resources if one["Type"] == "AWS::CloudWatch::Alarm"]


def test_a_queue_never_asks_for_more_than_the_reserve(service: Any) -> None:
    """What is throttled comes again until it is a dead letter, while all is well."""
    function = service["functions"]["run_deliveries"]
    (queue,) = (event["sqs"] for event in function["events"] if "sqs" in event)
    timers = sum("schedule" in event for event in function["events"])
    # A timer's run may last into the next one's minute.
    assert queue["maximumConcurrency"] + 2 * timers <= function["reservedConcurrency"]


def test_what_wakes_itself_by_its_queue_is_no_runaway_to_aws(service: Any) -> None:
    """A delivery that is put off asks for a run from within one. Lambda ends a chain of 16 such runs, tells of a
    recursive loop, and leaves a dead letter: an hour in which amoCRM is away is one, with many deliveries."""
    roles = service["resources"]["Resources"]
    for name, function in service["functions"].items():
        statements = roles[function["role"]]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        wakes = any(statement["Action"] == "sqs:SendMessage" for statement in statements)
        is_woken = any("sqs" in event for event in function.get("events", ()) if isinstance(event, dict))
        assert function.get("recursiveLoop") == ("Allow" if wakes and is_woken else None), name


def test_each_function_has_an_alarm_for_its_errors_and_one_for_its_throttles(
    service: Any, alarms: list[dict[str, Any]]
) -> None:
    assert set(service["functions"]) == set(FUNCTIONS)
    watched = {
        (alarm["MetricName"], dimension["Value"].rpartition("-")[2])
        for alarm in alarms
        if alarm.get("Namespace") == "AWS/Lambda"
        for dimension in alarm["Dimensions"]
    }
    assert watched == {(metric, name) for metric in ("Errors", "Throttles") for name in FUNCTIONS}


def test_a_schedule_that_does_not_run_is_told(alarms: list[dict[str, Any]]) -> None:
    """`refresh.run` and `deliveries.run` count at their end, also when it is 0."""
    found = {one["MetricName"]: one for one in alarms if one["TreatMissingData"] == "breaching"}
    assert {one["Statistic"] for one in found.values()} == {"SampleCount"}
    assert {one["ComparisonOperator"] for one in found.values()} == {"LessThanThreshold"}
    spans = {name: (one["Period"] * one["EvaluationPeriods"], one["Threshold"]) for name, one in found.items()}
    assert spans == {"refreshed": (1800, 1), "delivered": (900, 1)}


def test_every_alarm_tells_somebody_and_every_document_names_it(alarms: list[dict[str, Any]]) -> None:
    assert all(alarm["AlarmActions"] == ["AlarmTopic"] for alarm in alarms)
    for name in ("operations.md", "operations.ru.md"):
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert all(f"| `{alarm['MetricName']}" in text for alarm in alarms), name


def test_30_k_a_stage_beside_it_keeps_no_alarm_quiet(service: Any, alarms: list[dict[str, Any]]) -> None:
    """Two stages in one account and region: the runs of a trial are none of production's."""
    namespace = service["provider"]["environment"]["METRICS_NAMESPACE"]
    assert namespace == "${param:metrics}"
    assert {one["Namespace"] for one in alarms} == {"AWS/SQS", "AWS/Lambda", namespace}
    assert service["params"]["default"]["metrics"] == "amocrm-functions-${sls:stage}"
    assert service["params"]["prod"]["metrics"] == "amocrm-functions"  # as it has always been


def test_37_1_who_refreshes_may_add_to_the_journal_and_one_alone_may_read_it(service: Any) -> None:
    allowed: dict[str, set[str]] = {}
    for name, resource in service["resources"]["Resources"].items():
        if resource["Type"] == "AWS::IAM::Role":
            (policy,) = resource["Properties"]["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]:
                actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                allowed.setdefault(name, set()).update(one for one in actions if one.startswith("s3:"))
    adds = {"s3:PutObject"}
    assert {name: rights for name, rights in allowed.items() if rights} == {
        "OauthCallbackRole": adds,
        "CrmApiRole": adds,
        "RunDeliveriesRole": adds,
        "RefreshTokensRole": adds | {"s3:GetObject", "s3:DeleteObject", "s3:ListBucket"},
    }
    bucket = service["resources"]["Resources"]["TokenJournal"]
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")
    # The commands of whoever runs it are told the same address as the functions.
    told = service["resources"]["Outputs"]["TokenJournalUrl"]["Value"]
    assert told == service["provider"]["environment"]["TOKEN_JOURNAL_URL"]


def test_no_function_may_read_the_secret_of_a_stage_beside_it(service: Any) -> None:
    """Its name begins with the same words: amocrm-functions, and amocrm-functions-staging."""
    roles = [one for one in service["resources"]["Resources"].values() if one["Type"] == "AWS::IAM::Role"]
    allowed = [
        statement["Resource"]
        for role in roles
        for policy in role["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == "secretsmanager:GetSecretValue"
    ]
    assert len(allowed) == 5
    assert all(str(one).endswith(":secret:${param:secret}-??????") for one in allowed)
