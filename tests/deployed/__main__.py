from tests.deployed.cloud import serve

serve()
