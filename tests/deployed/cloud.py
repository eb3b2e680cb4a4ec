"""A local moto server in AWS's place, and what it lacks for our stack.

Its check of templates takes a linter's warnings for errors, so only errors count; and it does not know function URLs.
moto finds the class below because it is a subclass.
"""

import sys
from typing import Any

from moto.cloudformation import models
from moto.core.common_models import CloudFormationModel
from moto.server import main

_lint = models.__dict__["validate_template_cfn_lint"]


def _errors(template: str) -> list[Any]:
    return [found for found in _lint(template) if found.rule.id.startswith("E")]


class FunctionUrl(CloudFormationModel):
    """`AWS::Lambda::Url`: an address that its function's name tells."""

    def __init__(self, function: str) -> None:
        self.physical_resource_id = f"{function}-url"
        self.url = f"https://{function.rpartition(':')[2]}.lambda-url.example/"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::Lambda::Url"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: dict[str, Any], account_id: str, region_name: str, **kwargs: Any
    ) -> "FunctionUrl":
        return cls(str(cloudformation_json["Properties"]["TargetFunctionArn"]))

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in ("FunctionUrl", "FunctionArn")

    def get_cfn_attribute(self, attribute_name: str) -> str:
        return self.url


def serve() -> None:
    """`python -m tests.deployed -p PORT`"""
    setattr(models, "validate_template_cfn_lint", _errors)  # noqa: B010 - it is moto's own, not its interface
    main(sys.argv[1:])
