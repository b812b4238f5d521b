#!/usr/bin/env python3
"""The peer of the benchmark, as a person would write it with the Python client.

usage: peer_client.py KUBECONFIG
"""

import sys

from kubernetes import client, config


def main() -> None:
    config.load_kube_config(config_file=sys.argv[1])
    for item in client.AppsV1Api().list_deployment_for_all_namespaces().items:
        ready = item.status.ready_replicas or 0
        print(f"{item.metadata.namespace}\t{item.metadata.name}\t{ready}/{item.spec.replicas}")


main()
