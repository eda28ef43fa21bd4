import { encodeBase64Url } from '@heddle/protocol/base'
import {
  type Certificate,
  certificateCommitment,
  decodeCertificate,
  encodeCertificate,
} from '@heddle/protocol/certificate'
import { permanent } from '@heddle/protocol/params'
import type { OrderedLog } from '../../journal/index.ts'
import type { CertificateStore } from './ports.ts'

const logName = 'certificates'
const readAtOnce = 1024

/** Certificates in a log of the journal, found by commitment; some 100 bytes of memory for each. */
export async function openCertificateStore(
  journal: Pick<OrderedLog, 'append' | 'read' | 'head'>,
  epoch: number,
): Promise<CertificateStore> {
  const slots = new Map<string, { readonly slot: number; readonly expiresAtSeconds: number }>()
  let next = journal.head(logName)
  const note = (certificate: Certificate, slot: number) => {
    const name = encodeBase64Url(certificateCommitment(certificate))
    const { expiresAtSeconds } = certificate
    const known = slots.get(name)
    if (known === undefined || lastsLonger(expiresAtSeconds, known.expiresAtSeconds)) {
      slots.set(name, { slot, expiresAtSeconds })
    }
  }
  async function* records(from = 0, to = Number.POSITIVE_INFINITY) {
    for (let slot = from; slot < Math.min(to, next); ) {
      const page = await journal.read(logName, slot, Math.min(readAtOnce, to - slot))
      if (page.length === 0) return
      for (const record of page)
        yield { slot: record.slot, certificate: decodeCertificate(record.bytes) }
      slot += page.length
    }
  }
  for await (const { certificate, slot } of records()) note(certificate, slot)
  /** A blob that was certified again for longer has an older record too. */
  const isKept = (certificate: Certificate, slot: number) =>
    slots.get(encodeBase64Url(certificateCommitment(certificate)))?.slot === slot
  return {
    count: () => slots.size,
    async keep(certificate) {
      const known = slots.get(encodeBase64Url(certificateCommitment(certificate)))
      const { expiresAtSeconds } = certificate
      if (known !== undefined && !lastsLonger(expiresAtSeconds, known.expiresAtSeconds)) return
      const slot = next++
      await journal
        .append(logName, slot, epoch, [encodeCertificate(certificate)])
        .catch((error) => {
          // Nothing was appended, so the next one takes the slot.
          next = journal.head(logName)
          throw error
        })
      note(certificate, slot)
    },
    async find(commitment) {
      const known = slots.get(commitment)
      if (known === undefined) return undefined
      const [record] = await journal.read(logName, known.slot, 1)
      return record === undefined ? undefined : decodeCertificate(record.bytes)
    },
    async *all() {
      for await (const { certificate, slot } of records()) {
        if (isKept(certificate, slot)) yield certificate
      }
    },
    async newest(limit) {
      const found: Certificate[] = []
      for (let end = next; end > 0 && found.length < limit; end -= readAtOnce) {
        const kept: Certificate[] = []
        for await (const { certificate, slot } of records(Math.max(0, end - readAtOnce), end)) {
          if (isKept(certificate, slot)) kept.push(certificate)
        }
        found.push(...kept.reverse())
      }
      return found.slice(0, limit)
    },
  }
}

function lastsLonger(a: number, b: number): boolean {
  if (b === permanent) return false
  return a === permanent || a > b
}
