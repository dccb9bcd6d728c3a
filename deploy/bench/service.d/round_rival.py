"""The same rounds as a Flower app: clients that return a million f32 as they came.

Deployed by deploy/bench/service.d/round with flower-superlink and a flower-supernode for each client; the server prints
its rounds' ends.
"""
import time

import numpy as np
from flwr.client import ClientApp, NumPyClient
from flwr.common import ndarrays_to_parameters
from flwr.server import ServerApp, ServerAppComponents, ServerConfig
from flwr.server.strategy import FedAvg


class Idle(NumPyClient):
    def fit(self, parameters, config):
        return parameters, 1, {}


class Timed(FedAvg):
    def aggregate_fit(self, server_round, results, failures):
        out = super().aggregate_fit(server_round, results, failures)
        print(f'{{"results": {len(results)}, "ended": {time.time():.3f}}}', flush=True)
        return out


def server(context):
    clients = int(context.run_config["clients"])
    start = ndarrays_to_parameters([np.zeros(1_000_000, dtype=np.float32)])
    strategy = Timed(fraction_fit=1.0, fraction_evaluate=0.0, min_fit_clients=clients,
                     min_available_clients=clients, initial_parameters=start)
    return ServerAppComponents(strategy=strategy, config=ServerConfig(num_rounds=int(context.run_config["rounds"])))


server_app = ServerApp(server_fn=server)
client_app = ClientApp(client_fn=lambda context: Idle().to_client())
