"""`merit topics`: makes the topics with their real settings."""

from typing import Annotated

import typer

from cli.options import Json


def topics(
    kafka: Annotated[
        str | None, typer.Option("--kafka", metavar="HOST:PORT", help="The brokers. [default: $MERITLOG_KAFKA]")
    ] = None,
    provider: Annotated[
        list[str] | None, typer.Option("--provider", metavar="ID", help="Make an inbox for it; may be repeated.")
    ] = None,
    rubric: Annotated[
        str | None, typer.Option("--rubric", metavar="FILE", help="Make an inbox for each of its providers.")
    ] = None,
    json: Json = False,
) -> int:
    """Make the topics that are missing and compare the others. 1 when one is not as it must be."""
    import asyncio
    import logging
    from dataclasses import asdict

    from cli import files
    from cli.output import print_json
    from cli.stop import NO_ANSWER, WRONG_USAGE, Stop
    from shared.chassis.settings import ServiceSettings, WrongSettings, load

    providers = list(provider or ()) + (list(files.rubric(rubric).providers) if rubric else [])
    try:
        settings = load(ServiceSettings, **({"kafka": kafka} if kafka else {}))
    except WrongSettings as error:
        raise Stop(str(error).rstrip("."), WRONG_USAGE) from None
    if settings.kafka is None:
        raise Stop("say where the brokers are: --kafka HOST:PORT, or MERITLOG_KAFKA", WRONG_USAGE)

    from aiokafka.errors import KafkaError

    from shared.chassis.kafka import Kafka
    from shared.chassis.topics import ensure, ours

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what fails is said once, below
    brokers = Kafka.of(settings)
    assert brokers is not None  # noqa: S101  its setting was looked at above
    try:
        findings = asyncio.run(ensure(brokers, ours(list(dict.fromkeys(providers)))))
    except (KafkaError, OSError) as error:
        raise Stop(f"{settings.kafka} does not answer ({error}): is Kafka up?", NO_ANSWER) from None
    differing = [each for each in findings if each.differences]
    if json:
        print_json({"topics": [asdict(each) for each in findings]})
    else:
        for each in findings:
            said = "made" if each.made else "; ".join(each.differences) or "as it must be"
            print(f"{each.topic}: {said}")
    return 1 if differing else 0
