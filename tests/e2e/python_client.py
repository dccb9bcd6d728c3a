"""A client in another language, made from the .proto files alone: lists runs, is refused the rest.

Usage: python_client.py GENERATED HOST:PORT IDENTITY; GENERATED has protoc's output.
"""

import sys

sys.path.insert(0, sys.argv[1])

import grpc  # noqa: E402
from tributary.v1 import admin_pb2, admin_pb2_grpc, identity_pb2, identity_pb2_grpc  # noqa: E402


def read(name):
    with open(f"{sys.argv[3]}/{name}", "rb") as file:
        return file.read()


def ask(what, call, request):
    try:
        answer = call(request, timeout=20)
        print(what, "OK", getattr(answer, "json", ""))
    except grpc.RpcError as error:
        print(what, error.code().name, error.details())


tls = read("tls.pem")
split = tls.index(b"-----BEGIN CERTIFICATE-----")
credentials = grpc.ssl_channel_credentials(read("roots.pem"), tls[:split], tls[split:])
with grpc.secure_channel(sys.argv[2], credentials) as channel:
    admin = admin_pb2_grpc.AdminStub(channel)
    certificates = identity_pb2_grpc.CertificatesStub(channel)
    ask("runs", admin.Runs, admin_pb2.RunsRequest())
    ask("control", admin.Control, admin_pb2.ControlRequest(run="x", action="stop"))
    ask("submit", admin.Submit, admin_pb2.Submission(plan="format = 1"))
    ask("invite", certificates.Invite, identity_pb2.InviteRequest(name="eve", role="admin"))
with grpc.secure_channel(sys.argv[2], grpc.ssl_channel_credentials(read("roots.pem"))) as channel:
    ask("stranger", admin_pb2_grpc.AdminStub(channel).Runs, admin_pb2.RunsRequest())
