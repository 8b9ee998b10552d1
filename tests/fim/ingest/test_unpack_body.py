"""From bytes to records: gzip, JSON and NDJSON, bounded in size and memory."""

import gzip
import tracemalloc
import zlib
from types import SimpleNamespace

import pytest

from fim.ingest import body
from fim.ingest.body import (
    CHUNK_BYTES,
    MAX_RECORDS,
    BatchTooLarge,
    BodyTooLarge,
    Malformed,
    MalformedBody,
    UnknownEncoding,
    read_json,
    read_ndjson,
    unpack,
)

MIB = 2**20


def gunzip(raw, *, limit_bytes=MIB):
    return unpack(raw, encoding="gzip", limit_bytes=limit_bytes)


def peak_bytes(act, error):
    tracemalloc.start()
    try:
        with pytest.raises(error):
            act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_leaves_a_plain_body_alone(encoding):
    assert unpack(b"{}", encoding=encoding, limit_bytes=1) == b"{}"


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", " GZIP"])
def test_unpacks_gzip(encoding):
    assert unpack(gzip.compress(b"{}", mtime=0), encoding=encoding, limit_bytes=MIB) == b"{}"


@pytest.mark.parametrize("encoding", ["deflate", "br", "zstd", "gzip, gzip", "gzip,identity", "7"])
def test_refuses_another_encoding(encoding):
    with pytest.raises(UnknownEncoding) as caught:
        unpack(b"{}", encoding=encoding, limit_bytes=MIB)

    assert caught.value.http_status == 415


def test_unpacks_one_member_after_the_other():
    members = [b"[" + b" " * 30_000, b"", b'{"a":1}', b"]"]

    assert gunzip(b"".join(map(gzip.compress, members))) == b"".join(members)


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b"\x1f",
        b"\x1f\x8b",
        b"\x1f\x8b\x08garbage of no use at all",
        gzip.compress(b"{}", mtime=0)[:-1],
        gzip.compress(b"{}", mtime=0)[:11],
        gzip.compress(b"{}", mtime=0) + b"trailing",
        gzip.compress(b"{}", mtime=0) + b"\x1f\x8b",
        gzip.compress(b"{}", mtime=0)[:-8] + b"\x00" * 8,
        gzip.compress(b"{}", mtime=0) + b"\x00" * 16,
    ],
)
def test_refuses_what_is_no_whole_gzip(raw):
    with pytest.raises(MalformedBody):
        gunzip(raw)


def test_unpacks_up_to_the_limit_and_no_further():
    assert len(gunzip(gzip.compress(b"x" * 1000, mtime=0), limit_bytes=1000)) == 1000
    with pytest.raises(BodyTooLarge, match="unpacks to over 999 bytes"):
        gunzip(gzip.compress(b"x" * 1000, mtime=0), limit_bytes=999)


def test_holds_no_more_of_a_bomb_than_the_limit():
    bomb = gzip.compress(b" " * 64 * MIB, mtime=0)

    assert peak_bytes(lambda: gunzip(bomb), BodyTooLarge) < 4 * MIB


def test_holds_no_more_of_a_bomb_of_many_members_than_the_limit():
    bomb = gzip.compress(b" " * (MIB // 2), mtime=0) * 64

    assert peak_bytes(lambda: gunzip(bomb), BodyTooLarge) < 4 * MIB


def test_hands_over_a_chunk_at_a_time_because_each_member_copies_the_rest(monkeypatch):
    sizes = []

    class Recorder:
        def __init__(self, bits):
            self._stream = zlib.decompressobj(bits)

        def decompress(self, data, limit):
            sizes.append(len(data))
            return self._stream.decompress(data, limit)

        def __getattr__(self, name):
            return getattr(self._stream, name)

    monkeypatch.setattr(body, "zlib", SimpleNamespace(decompressobj=Recorder, error=zlib.error))

    assert gunzip(gzip.compress(b"", mtime=0) * 4000) == b""
    assert max(sizes) == CHUNK_BYTES


def test_reads_one_object():
    read = read_json(b' {"path": "/a"} ')

    assert (read.records, read.is_batch) == ([{"path": "/a"}], False)


def test_reads_an_array():
    read = read_json(b'[{"path": "/a"}, 7]')

    assert (read.records, read.is_batch) == ([{"path": "/a"}, 7], True)


@pytest.mark.parametrize("text", [b'\xef\xbb\xbf{"a": 1}', '{"a": 1}'.encode("utf-16")])
def test_reads_other_forms_of_unicode(text):
    assert read_json(text).records == [{"a": 1}]


@pytest.mark.parametrize(
    "text",
    [b"", b" ", b"{", b"[", b"{} {}", b"{'a': 1}", b'{"a": NaN}', b'{"a": -Infinity}', b"[" * 5000]
    + [
        b'{"path": "\xff", "action": ""}',
        b'{"a": ' + b"1" * 5000 + b"}",
        b'{"a":' * 5000,
        b"\x00",
        b'{"a": "\n"}',
    ],
)
def test_refuses_what_is_no_json(text):
    with pytest.raises(MalformedBody, match="not valid JSON"):
        read_json(text)


@pytest.mark.parametrize("text", [b"null", b"true", b"1", b'"text"', b"1e400"])
def test_refuses_json_that_is_neither_object_nor_array(text):
    with pytest.raises(MalformedBody, match="takes a JSON object or an array"):
        read_json(text)


def test_refuses_an_empty_array():
    with pytest.raises(MalformedBody, match="batch is empty"):
        read_json(b"[]")


def test_keeps_a_byte_that_is_no_utf8_in_the_records_of_other_tools():
    text = b'{"/etc/caf\xe9": "\xc3\xa9"}'
    record = {"/etc/caf\udce9": "é"}

    assert read_json(b"\xef\xbb\xbf" + text).records == [record]
    assert read_json(b"[" + text + b"]").records == [record]
    assert read_ndjson(b"{}\n" + text).records == [{}, record]


def test_reads_a_line_each():
    read = read_ndjson(b'\n{"a": 1}\r\n  \r\n\n[2]\n{"a": 3}')

    assert (read.records, read.is_batch) == ([{"a": 1}, [2], {"a": 3}], True)


@pytest.mark.parametrize(
    "bad",
    [b"{", b"{} {}", b'{"path": "\xff", "action": ""}', b'{"\xff', b"NaN", b"[" * 5000, b"\x00"],
)
def test_marks_a_line_that_is_no_json(bad):
    marked = Malformed(bad.decode("utf-8", "backslashreplace"))
    assert read_ndjson(b"{}\n" + bad + b"\n{}\n").records == [{}, marked, {}]


@pytest.mark.parametrize("text", [b"", b"\n", b" \r\n\t\n"])
def test_refuses_ndjson_without_a_record(text):
    with pytest.raises(MalformedBody, match="batch is empty"):
        read_ndjson(text)


def test_takes_ten_thousand_records():
    assert len(read_ndjson(b"{}\n" * MAX_RECORDS).records) == MAX_RECORDS
    assert len(read_json(b"[" + b"{}," * (MAX_RECORDS - 1) + b"{}]").records) == MAX_RECORDS


def test_refuses_one_record_more():
    with pytest.raises(BatchTooLarge):
        read_ndjson(b"{}\n" * (MAX_RECORDS + 1))
    with pytest.raises(BatchTooLarge):
        read_json(b"[" + b"{}," * MAX_RECORDS + b"{}]")


@pytest.mark.parametrize("bomb", [b"[" + b"[]," * 4 * MIB + b"[]]", b'{"a":[' + b'{"a":' * 4 * MIB])
def test_does_not_parse_millions_of_values(bomb):
    assert peak_bytes(lambda: read_json(bomb), BodyTooLarge) < MIB


@pytest.mark.parametrize("bomb", [b"\n" * 4 * MIB, b"[" + b"1," * 4 * MIB + b"1]"])
def test_does_not_split_millions_of_lines_or_values(bomb):
    assert peak_bytes(lambda: read_ndjson(bomb), BodyTooLarge) < MIB
