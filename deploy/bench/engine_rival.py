"""The same rounds by Flower's simulation: clients that return a million f32 as they came.

Usage: engine_rival.py [--clients N] [--rounds N]; needs flwr[simulation].
"""
import argparse
import json
import resource
import time

began = time.perf_counter()
parser = argparse.ArgumentParser()
parser.add_argument("--clients", type=int, default=50)
parser.add_argument("--rounds", type=int, default=3)
args = parser.parse_args()

import numpy as np
from flwr.client import ClientApp, NumPyClient
from flwr.common import Context, ndarrays_to_parameters
from flwr.server import ServerApp, ServerAppComponents, ServerConfig
from flwr.server.strategy import FedAvg
from flwr.simulation import run_simulation

ends = []


class Idle(NumPyClient):
    def fit(self, parameters, config):
        return parameters, 1, {}

    def evaluate(self, parameters, config):
        return 0.0, 1, {}


class Timed(FedAvg):
    def aggregate_fit(self, server_round, results, failures):
        out = super().aggregate_fit(server_round, results, failures)
        ends.append(time.perf_counter())
        return out


def server(context: Context):
    start = ndarrays_to_parameters([np.zeros(1_000_000, dtype=np.float32)])
    strategy = Timed(fraction_fit=1.0, fraction_evaluate=0.0, min_fit_clients=args.clients,
                     min_available_clients=args.clients, initial_parameters=start)
    return ServerAppComponents(strategy=strategy, config=ServerConfig(num_rounds=args.rounds))


run_simulation(server_app=ServerApp(server_fn=server), client_app=ClientApp(client_fn=lambda context: Idle().to_client()),
               num_supernodes=args.clients)
whole = time.perf_counter() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps({"seconds_per_round": round((ends[-1] - ends[0]) / max(1, len(ends) - 1), 4), "whole_seconds": round(whole, 2),
                  "peak_rss_mb": peak // 1024}))
