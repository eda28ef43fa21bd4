import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createWalletFile, walletFromFile } from './wallet.ts'

const folder = mkdtempSync(join(tmpdir(), 'heddle-wallet-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('a wallet file', () => {
  it('is made once, for its owner’s eyes, and signs as what it was made', async () => {
    const path = join(folder, 'new.json')
    const made = await createWalletFile(path)
    expect((await walletFromFile(path)).owner).toEqual(made.owner)
    expect(statSync(path).mode & 0o077).toBe(0)
    const before = readFileSync(path, 'utf8')
    await expect(createWalletFile(path)).rejects.toMatchObject({ code: 'wallet-exists' })
    expect(readFileSync(path, 'utf8')).toBe(before)
  })

  it('cannot be made where there is no folder', async () => {
    const path = join(folder, 'no', 'such', 'w.json')
    await expect(createWalletFile(path)).rejects.toMatchObject({ code: 'wallet-unwritable' })
  })

  it('that is absent is told with the way to make one', async () => {
    await expect(walletFromFile(join(folder, 'absent.json'))).rejects.toThrow(/heddle keygen/)
  })

  it.each([
    ['{"kty":"OKP","d":"secret', /not JSON/],
    ['7', /not a JWK/],
    ['{}', /not a JWK/],
    ['{"kty":7}', /not a JWK/],
    ['{"kty":"oct"}', /cannot sign/],
  ])('of %s is refused by name, and not quoted', async (text, reason) => {
    const path = join(folder, 'bad.json')
    writeFileSync(path, text)
    const error = await walletFromFile(path).catch((caught) => caught)
    expect(error).toMatchObject({ code: 'wallet-invalid', details: { path } })
    expect(error.message).toMatch(reason)
    expect(error.message).toContain(path)
    expect(error.message).not.toContain('secret')
  })

  it('of parts that do not belong together is refused before anything is signed with it', async () => {
    const keys = [1, 2].map(() => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 4096 })
      return privateKey.export({ format: 'jwk' })
    })
    const path = join(folder, 'mixed.json')
    writeFileSync(path, JSON.stringify({ ...keys[0], n: keys[1]?.n }))
    await expect(walletFromFile(path)).rejects.toMatchObject({ code: 'wallet-invalid' })
  })
})
