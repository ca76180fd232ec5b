/** A message is the length of its JSON, the JSON, and the numbers that the JSON says where to find. */
function unpack(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const kinds = { f4: Float32Array, i2: Int16Array, u4: Uint32Array, u2: Uint16Array, u1: Uint8Array };
  const numbers = {};
  for (const [name, [kind, start, count]] of Object.entries(head.arrays)) {
    const Kind = kinds[kind];
    const from = 4 + length + start;
    const copy = bytes.slice(from, from + count * Kind.BYTES_PER_ELEMENT);
    numbers[name] = new Kind(copy.buffer);
  }
  return { ...head, numbers };
}
