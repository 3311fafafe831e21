#!/usr/bin/env python3
"""Publishes one event over NATS and waits for its receipt, which it prints.

usage: publish.py NATS-URL NAME FILE [structured|binary]    (needs nats-py; exit code 0 recorded or duplicate, 65 refused, 69 no receipt)

Where the server knows its users, HANDOVER_NATS_NKEY names the file with this one's seed (needs nats-py[nkeys]), and HANDOVER_NATS_CA the authority's certificate.
"""
import asyncio
import hashlib
import json
import os
import ssl
import sys
import urllib.parse

import nats

CURATION = {"linked", "merged", "split", "quarantined", "released"}


def message(event: bytes, mode: str) -> tuple[dict[str, str], bytes]:
    """The headers and the body: the whole event, or its attributes as headers and its data as the body."""
    if mode == "structured":
        return {"content-type": "application/cloudevents+json"}, event
    attributes = json.loads(event)
    data = json.dumps(attributes.pop("data"), ensure_ascii=False).encode()
    attributes.pop("datacontenttype", None)
    headers = {f"ce-{name}": urllib.parse.quote(str(value), safe=" !#$&'()*+,-./:;<=>?@[]^_`{|}~") for name, value in attributes.items()}
    return {"content-type": "application/json", **headers}, data


def access(name: str) -> dict:
    """What a connection is made with: a user hears answers under its own name only."""
    options: dict = {"inbox_prefix": f"_INBOX.{name}".encode()}
    if seed := os.environ.get("HANDOVER_NATS_NKEY"):
        options["nkeys_seed"] = seed
    if authority := os.environ.get("HANDOVER_NATS_CA"):
        options["tls"] = ssl.create_default_context(cafile=authority)
    return options


async def main(url: str, name: str, file: str, mode: str = "structured") -> int:
    event = open(file, "rb").read().strip()
    read = json.loads(event)
    kind = read["type"].split(".")[2]
    subject = f"handover.{'curate' if kind in CURATION else 'announce'}.{name}"
    headers, body = message(event, mode)
    # The same message has the same id: what is sent twice in two minutes is queued once.
    headers["Nats-Msg-Id"] = hashlib.sha256(json.dumps([subject, headers]).encode() + body).hexdigest()
    client = await nats.connect(url, **access(name))
    receipts = await client.subscribe(f"handover.receipts.{name}")
    await client.flush()

    async def own_receipt():
        async for batch in receipts.messages:
            for receipt in json.loads(batch.data)["receipts"]:
                if (receipt.get("source"), receipt.get("id")) == (read["source"], read["id"]):
                    return receipt

    try:
        # The queue's acknowledgement isn't a receipt; what is lost on the way is published again.
        for _ in range(10):
            acknowledged = await client.jetstream().publish(subject, body, headers=headers)
            if acknowledged.duplicate:
                question = json.dumps({"publisher": name, "source": read["source"], "id": read["id"], "digest": hashlib.sha256(body).hexdigest()})
                receipt = json.loads((await client.request("handover.query.receipt", question.encode(), timeout=3)).data)
                if receipt:
                    break
            try:
                receipt = await asyncio.wait_for(own_receipt(), 3)
                break
            except asyncio.TimeoutError:
                continue
        else:
            print("no receipt came; publish it again", file=sys.stderr)
            return 69
    finally:
        await client.close()
    print(json.dumps(receipt))
    return 65 if receipt["status"] == "refused" else 0


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    sys.exit(asyncio.run(main(*sys.argv[1:])))
