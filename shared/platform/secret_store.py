"""Settings from AWS Secrets Manager (row B7): one secret, a JSON object of environment variables.

`AWS_SECRET_ID` names it; what stands in the environment itself wins. boto3 is part of Lambda's runtime, and is imported
only here.
"""

import json
from collections.abc import Mapping

from shared.platform.config import ConfigurationError


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment, completed from the secret that it names. Raises ConfigurationError when that cannot be read."""
    secret_id = environ.get("AWS_SECRET_ID")
    if not secret_id:
        return dict(environ)
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        text = boto3.client("secretsmanager").get_secret_value(SecretId=secret_id)["SecretString"]
        values = json.loads(text)
    except (BotoCoreError, ClientError, KeyError, ValueError) as error:
        raise ConfigurationError([f"AWS_SECRET_ID: the secret cannot be read ({type(error).__name__})"]) from None
    if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
        raise ConfigurationError(["AWS_SECRET_ID: the secret must be a JSON object whose values are texts"])
    return values | dict(environ)
