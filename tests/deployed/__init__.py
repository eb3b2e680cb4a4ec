"""What is deployed is what was tested: the deployed zips, run by AWS's own runtime client."""
