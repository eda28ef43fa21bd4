import { generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import Arweave from 'arweave'
import { beforeAll, describe, expect, it } from 'vitest'
import { isHeddleError } from '../base/index.ts'
import { portableCrypto } from '../crypto/index.ts'
import { signTransaction } from './create-transaction.ts'
import { dataRootOf } from './data-root-builder.ts'
import { parseTransaction, transactionToJson } from './parse-transaction.ts'
import { type TransactionJson, transactionTags } from './transaction.ts'
import { findTransactionFault, transactionOwner, verifyTransaction } from './verify-transaction.ts'

const engine = portableCrypto
const arweave = Arweave.init({})
type Jwk = Parameters<typeof arweave.wallets.jwkToAddress>[0] & object
let jwk: Jwk

beforeAll(() => {
  // 2,048 bits: four times as fast to make and as good for a test.
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { kty = '', e = '', n = '', ...rest }: JsonWebKey = privateKey.export({ format: 'jwk' })
  jwk = { ...rest, kty, e, n }
})

async function make(data: string | Uint8Array, tags: Record<string, string> = {}, format = 2) {
  const attributes = { data, last_tx: 'A'.repeat(64), reward: '12', format, owner: jwk.n }
  const transaction = await arweave.createTransaction(attributes, jwk)
  for (const [name, value] of Object.entries(tags)) transaction.addTag(name, value)
  await arweave.transactions.sign(transaction, jwk)
  const json: TransactionJson = JSON.parse(JSON.stringify(transaction))
  return json
}

describe('transactions of arweave-js', () => {
  it('are read, hold, and are written as they came', async () => {
    const big = new Uint8Array(600_000).fill(7)
    const samples = [
      await make('hello', { 'Content-Type': 'text/plain', Ünïcode: '☃' }),
      await make(big),
      await make('old', { App: 'x' }, 1),
    ]
    for (const json of samples) {
      const transaction = parseTransaction(json)
      expect(await findTransactionFault(transaction, engine)).toBeUndefined()
      expect(transactionToJson(transaction)).toEqual(json)
    }
    const first = parseTransaction(samples[0])
    expect(transactionTags(first)[1]).toEqual({ name: 'Ünïcode', value: '☃' })
    expect(transactionOwner(first, engine)).toBe(await arweave.wallets.jwkToAddress(jwk))
  })

  it('hold without the data they are about', async () => {
    const json = await make(new Uint8Array(600_000).fill(7))
    const transaction = parseTransaction({ ...json, data: '' })
    expect(transaction.dataSizeBytes).toBe(600_000)
    expect(await verifyTransaction(transaction, engine)).toBe(true)
  })

  it('do not hold once anything is changed', async () => {
    const json = await make('hello', { a: 'b' })
    const other = await make('jello', { a: 'b' })
    const changes: [Partial<TransactionJson>, string][] = [
      [{ id: other.id }, 'id'],
      [{ signature: other.signature }, 'id'],
      [{ signature: other.signature, id: other.id }, 'signature'],
      [{ reward: '13' }, 'signature'],
      [{ quantity: '1' }, 'signature'],
      [{ tags: [] }, 'signature'],
      [{ tags: [{ name: 'YQ', value: 'Yw' }] }, 'signature'],
      [{ target: other.id }, 'signature'],
      [{ last_tx: '' }, 'signature'],
      [{ data_root: other.data_root }, 'signature'],
      [{ data: other.data }, 'data-root'],
    ]
    for (const [change, fault] of changes) {
      const transaction = parseTransaction({ ...json, ...change })
      expect(await findTransactionFault(transaction, engine), JSON.stringify(change)).toBe(fault)
    }
  })
})

describe('a transaction of ours', () => {
  it('holds for arweave-js', async () => {
    const data = new Uint8Array(300_000).fill(3)
    const signer = {
      owner: arweave.utils.b64UrlToBuffer(jwk.n),
      sign: (payload: Uint8Array) => Arweave.crypto.sign(jwk, payload),
    }
    const dataRoot = dataRootOf([data], engine)
    const tags = [{ name: 'Type', value: 'Test' }]
    const transaction = await signTransaction({ data, dataRoot, tags }, signer, engine)
    const theirs = arweave.transactions.fromRaw(transactionToJson(transaction))
    expect(await arweave.transactions.verify(theirs)).toBe(true)
    expect(await verifyTransaction(transaction, engine)).toBe(true)
    const long = [{ name: 'a', value: 'b'.repeat(2048) }]
    await expect(signTransaction({ tags: long }, signer, engine)).rejects.toThrow(/2049 bytes/)
  })
})

describe('a malformed transaction', () => {
  it('is refused with the field that is wrong', async () => {
    const json = await make('hello', { a: 'b' })
    const wrong: [unknown, string][] = [
      [null, 'JSON'],
      [[], 'JSON'],
      ['{}', 'JSON'],
      [{ ...json, format: 3 }, 'format'],
      [{ ...json, id: 'AAAA' }, 'id'],
      [{ ...json, owner: '' }, 'owner'],
      [{ ...json, owner: 'A'.repeat(684) }, 'owner'],
      [{ ...json, owner: 5.5 }, 'owner'],
      [{ ...json, signature: `${json.signature}=` }, 'signature'],
      [{ ...json, target: 'AAAA' }, 'target'],
      [{ ...json, data_root: '' }, 'data_root'],
      [{ ...json, data_size: '0' }, 'data_size'],
      [{ ...json, data_size: '6' }, 'data_size'],
      [{ ...json, data_size: '05' }, 'data_size'],
      [{ ...json, data_size: '1e3' }, 'data_size'],
      [{ ...json, data_size: '9007199254740993' }, 'data_size'],
      [{ ...json, reward: '-1' }, 'reward'],
      [{ ...json, quantity: '1'.repeat(27) }, 'quantity'],
      [{ ...json, last_tx: 'A'.repeat(68) }, 'last_tx'],
      [{ ...json, denomination: '2' }, 'denomination'],
      [{ ...json, tags: {} }, 'tags'],
      [{ ...json, tags: [null] }, 'tags'],
      [{ ...json, tags: [{ name: 'YQ' }] }, 'tags'],
      [{ ...json, tags: [{ name: 'YQ', value: '*' }] }, 'tags'],
      [{ ...json, tags: [{ name: 'YQ', value: 'A'.repeat(2732) }] }, 'tags'],
      [{ ...json, tags: new Array(2049).fill({ name: '', value: '' }) }, 'tags'],
    ]
    for (const [given, field] of wrong) {
      try {
        parseTransaction(given)
        expect.unreachable(`${field} was accepted`)
      } catch (error) {
        expect(isHeddleError(error, 'transaction-invalid') && error.details.field).toBe(field)
      }
    }
  })
})
