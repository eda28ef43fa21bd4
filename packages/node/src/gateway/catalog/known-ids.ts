/** Bits looked at per id. */
const probes = 4
const bitsPerProbe = 25
/** 4 MiB: with four million ids one unknown id in fifty is asked for in vain. */
const knownIdsBytes = 2 ** (bitsPerProbe - 3)

/**
 * A Bloom filter over ids (32 bytes, already hashes, so their own bits are the probes). "No" is
 * certain: an item that is new, as nearly all are, costs no look at the index.
 */
export class KnownIds {
  readonly bits: Uint8Array<ArrayBuffer>

  constructor(bits: Uint8Array<ArrayBuffer> = new Uint8Array(knownIdsBytes)) {
    this.bits = bits
  }

  add(id: Uint8Array): void {
    for (let probe = 0; probe < probes; probe++) {
      const bit = bitOf(id, probe)
      this.bits[bit >>> 3] = (this.bits[bit >>> 3] ?? 0) | (1 << (bit & 7))
    }
  }

  mayHold(id: Uint8Array): boolean {
    for (let probe = 0; probe < probes; probe++) {
      const bit = bitOf(id, probe)
      if (((this.bits[bit >>> 3] ?? 0) & (1 << (bit & 7))) === 0) return false
    }
    return true
  }
}

function bitOf(id: Uint8Array, probe: number): number {
  const at = probe * 8
  const word =
    (id[at] ?? 0) | ((id[at + 1] ?? 0) << 8) | ((id[at + 2] ?? 0) << 16) | ((id[at + 3] ?? 0) << 24)
  return word >>> (32 - bitsPerProbe)
}
