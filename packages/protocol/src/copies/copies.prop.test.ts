import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBase64Url } from '../base/index.ts'
import { ed25519PublicKey, portableCrypto } from '../crypto/index.ts'
import { createItem, type ItemDraft, ownerAddress, type Signer } from '../item/index.ts'
import { findUnfit, keeperStatementDraft, readKeeperStatement } from './keeper.ts'
import { copyLimits } from './limits.ts'
import { openStatement } from './statement.ts'
import {
  copyPromiseDraft,
  copyReleaseDraft,
  copyRequestDraft,
  keepsTerms,
  readCopyPromise,
  readCopyRelease,
  readCopyRequest,
} from './terms.ts'

const engine = portableCrypto
/** Items without the cost of their signatures: reading is what is tried here. */
const unsigned: Signer = {
  signatureType: 2,
  owner: ed25519PublicKey(new Uint8Array(32).fill(7)),
  sign: () => new Uint8Array(64),
}
const itemOf = (draft: ItemDraft) => createItem(draft, unsigned, engine)
const self = ownerAddress(unsigned, engine)

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const id = bytes32.map(encodeBase64Url)
const label = fc.stringMatching(/^[a-z0-9][a-z0-9:._-]{0,20}$/)
const labels = fc.uniqueArray(label, { maxLength: 16 })
const data = fc.record(
  {
    keeper: id,
    item: id,
    dataRoot: id,
    sizeBytes: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    untilMs: fc.integer({ min: 0, max: 253_402_300_799_999 }),
  },
  { requiredKeys: ['keeper', 'item', 'dataRoot', 'sizeBytes'] },
)
const quick = { numRuns: 8 }

describe('statements about copies', () => {
  it('say what was said, and who said it', async () => {
    const header = fc.uint8Array({ maxLength: 300 })
    const time = fc.integer({ min: 0, max: 2 ** 42 })
    await fc.assert(
      fc.asyncProperty(data, header, time, bytes32, async (terms, head, timeMs, nonce) => {
        const said = { timeMs, header: head, nonce }
        const item = await itemOf(copyRequestDraft(terms, said))
        const request = readCopyRequest(item, engine)
        const all = { ...terms, placer: self, request: item.id, timeMs, header: head }
        expect(request).toEqual(all)
        const promise = readCopyPromise(
          await itemOf(copyPromiseDraft({ ...terms, placer: terms.item, request: item.id })),
          engine,
        )
        const kept = { ...terms, keeper: self, placer: terms.item }
        expect(promise).toEqual({ ...kept, request: item.id })
        expect(promise && keepsTerms(promise, kept, item.id)).toBe(true)
        // A request is no promise, nor the other way round.
        expect(readCopyPromise(item, engine)).toBeUndefined()
      }),
      quick,
    )
  })

  it('promise nothing else: any other term, request, keeper or placer is told apart', async () => {
    await fc.assert(
      fc.property(data, id, id, (terms, placer, request) => {
        const promise = { ...terms, placer, request }
        const other = encodeBase64Url(new Uint8Array(32).fill(1))
        fc.pre(![terms.keeper, terms.item, terms.dataRoot, placer, request].includes(other))
        expect(keepsTerms(promise, promise, request)).toBe(true)
        expect(keepsTerms(promise, promise, other)).toBe(false)
        for (const name of ['keeper', 'placer', 'item', 'dataRoot'] as const) {
          expect(keepsTerms(promise, { ...promise, [name]: other }, request)).toBe(false)
        }
        const changed = { ...promise, sizeBytes: terms.sizeBytes - 1 }
        expect(keepsTerms(promise, changed, request)).toBe(false)
        const { untilMs = 0, ...rest } = promise
        expect(keepsTerms(promise, { ...rest, untilMs: untilMs + 1 }, request)).toBe(false)
      }),
      quick,
    )
  })

  it('tell a place and what is free, to one asker, once', async () => {
    const free = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
    await fc.assert(
      fc.asyncProperty(id, labels, free, bytes32, async (placer, placement, freeBytes, nonce) => {
        const item = await itemOf(keeperStatementDraft({ placer, placement, freeBytes, nonce }))
        const read = readKeeperStatement(item, engine)
        expect(read).toEqual({ keeper: self, placer, placement, freeBytes, nonce })
      }),
      quick,
    )
    const wrong = {
      placer: self,
      placement: ['Not A Label'],
      freeBytes: 1,
      nonce: new Uint8Array(32),
    }
    expect(() => keeperStatementDraft(wrong)).toThrow(/16 labels/)
  })

  it('count only where their signature holds and they are not too large', async () => {
    const release = { keeper: self, request: encodeBase64Url(new Uint8Array(32).fill(3)) }
    const forged = await itemOf(copyReleaseDraft(release))
    expect(readCopyRelease(forged, engine)).toEqual({ placer: self, ...release })
    expect(await openStatement(forged.bytes, copyLimits.statementBytes, engine)).toBeUndefined()
    const { portableEd25519Signer } = await import('../item/index.ts')
    const signer = portableEd25519Signer(new Uint8Array(32).fill(9))
    const { bytes } = await createItem(copyReleaseDraft(release), signer, engine)
    expect(await openStatement(bytes, copyLimits.statementBytes, engine)).toBeDefined()
    expect(await openStatement(bytes, bytes.length - 1, engine)).toBeUndefined()
    for (const at of [5, bytes.length - 1]) {
      const bent = bytes.slice()
      bent[at] = (bent[at] ?? 0) ^ 1
      expect(await openStatement(bent, copyLimits.statementBytes, engine)).toBeUndefined()
    }
  })

  it('never throw on bytes or tags of anybody', async () => {
    const tag = fc.record({
      name: fc.constantFrom(
        'Type',
        'Copy-Root',
        'Copy-Size',
        'Copy-Until',
        'Keeper-Free-Bytes',
        'X',
      ),
      value: fc.oneof(fc.string({ minLength: 1, maxLength: 50 }), id, fc.constant('Copy-Request')),
    })
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), fc.array(tag, { maxLength: 8 }), async (bytes, tags) => {
        expect(await openStatement(bytes, copyLimits.statementBytes, engine)).toBeUndefined()
        const item = { ...(await itemOf({ data: bytes })), tags }
        for (const read of [
          readCopyRequest,
          readCopyPromise,
          readCopyRelease,
          readKeeperStatement,
        ]) {
          expect(read(item, engine)).toBeUndefined()
        }
      }),
      quick,
    )
  })
})

describe('a holder', () => {
  it('fits where it has every label and the stake', () => {
    const asked = { placement: ['region:eu', 'disk:ssd'], minimumStake: 5n }
    const holder = { placement: ['disk:ssd', 'region:eu', 'rack:1'], stake: 5n }
    expect(findUnfit(asked, holder)).toBeUndefined()
    expect(findUnfit(asked, { ...holder, placement: ['disk:ssd'] })).toBe('place')
    expect(findUnfit(asked, { ...holder, stake: 4n })).toBe('stake')
  })
})
