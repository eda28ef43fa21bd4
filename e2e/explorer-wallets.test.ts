import { constants, createPrivateKey, type JsonWebKeyInput, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { toHex } from '@heddle/protocol/base'
import { ethereumAddress, personalMessageDigest, portableCrypto } from '@heddle/protocol/crypto'
import { createClient, generateWallet, type ProcessHandle, walletSigner } from '@heddle/sdk'
import { readActorSource } from '@heddle/sdk/node'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { faultsOf, launchChromium, skipReason } from './chromium.ts'
import { type NodeProcess, newDataFolder, removeFolder, startNodeProcess } from './node-process.ts'

const counterFile = fileURLToPath(new URL('../examples/counter.ts', import.meta.url))

/** How the extension answers next, set by the test through `window.wallet`. */
type Faked = {
  /** Refuses what is asked for next. */
  refuse: boolean
  switchTo(account: number): void
  leave(): void
}
/** Two keys of an Ethereum wallet; signatures are made here, as an extension does outside the page. */
const ethereumKeys = [7, 9].map((byte) => new Uint8Array(32).fill(byte))
const ethereumAccounts = ethereumKeys.map((key) =>
  ethereumAddress(secp256k1.getPublicKey(key, false), portableCrypto),
)

/** `window.ethereum` with the permissions, events and refusals of EIP-1193 and of MetaMask. */
async function injectEthereum(context: BrowserContext): Promise<void> {
  await context.exposeFunction('signEthereum', (account: number, hex: string) => {
    const digest = personalMessageDigest(Buffer.from(hex, 'hex'), portableCrypto)
    const key = ethereumKeys[account] ?? new Uint8Array(32)
    const made = secp256k1.sign(digest, key, { prehash: false, format: 'recovered' })
    return `${toHex(made.subarray(1))}${(27 + (made[0] ?? 0)).toString(16)}`
  })
  await context.addInitScript((accounts: readonly string[]) => {
    const listeners = new Map<string, Set<(value: unknown) => void>>()
    const emit = (event: string, value: unknown) => {
      for (const listener of listeners.get(event) ?? []) listener(value)
    }
    let [active, isConnected] = [0, false]
    const wallet: Faked = {
      refuse: false,
      switchTo(account) {
        active = account
        emit('accountsChanged', [accounts[account]])
      },
      leave() {
        isConnected = false
        emit('accountsChanged', [])
      },
    }
    const call = window as unknown as { signEthereum(account: number, hex: string): unknown }
    const request = async ({ method, params }: { method: string; params: string[] }) => {
      // Providers throw plain objects, not errors.
      if (wallet.refuse) throw { code: 4001, message: 'User rejected the request.' }
      if (method === 'eth_requestAccounts') {
        isConnected = true
        return [accounts[active]]
      }
      const [payload = '', address] = params
      if (!isConnected || address !== accounts[active]) throw { code: 4100, message: 'no' }
      return `0x${await call.signEthereum(active, payload.slice(2))}`
    }
    const on = (event: string, listener: (value: unknown) => void) =>
      listeners.set(event, (listeners.get(event) ?? new Set()).add(listener))
    const removeListener = (event: string, listener: (value: unknown) => void) =>
      listeners.get(event)?.delete(listener)
    Object.assign(window, { wallet, ethereum: { request, on, removeListener } })
  }, ethereumAccounts)
}

/** Two keys for these tests alone; nothing of worth is signed with them. */
const arweaveKeys = JSON.parse(
  readFileSync(new URL('./arweave-test-keys.json', import.meta.url), 'utf8'),
) as readonly JsonWebKeyInput['key'][]

/** `window.arweaveWallet` with the permissions and events of Wander. */
async function injectArweave(context: BrowserContext): Promise<void> {
  await context.exposeFunction('signArweave', (account: number, hex: string) => {
    const padding = constants.RSA_PKCS1_PSS_PADDING
    const key = createPrivateKey({ key: arweaveKeys[account] ?? {}, format: 'jwk' })
    return sign('sha256', Buffer.from(hex, 'hex'), { key, padding, saltLength: 32 }).toString('hex')
  })
  const owners = arweaveKeys.map(({ n }) => String(n))
  await context.addInitScript((publicKeys: readonly string[]) => {
    let [active, granted] = [0, [] as readonly string[]]
    const wallet: Faked = {
      refuse: false,
      switchTo(account) {
        active = account
        window.dispatchEvent(new CustomEvent('walletSwitch', { detail: { address: '' } }))
      },
      leave() {
        granted = []
        window.dispatchEvent(new CustomEvent('walletSwitch', { detail: { address: '' } }))
      },
    }
    const need = (permission: string) => {
      if (!granted.includes(permission)) throw new Error(`Missing permission ${permission}`)
    }
    const call = window as unknown as { signArweave(account: number, hex: string): Promise<string> }
    const arweaveWallet = {
      async connect(permissions: readonly string[]) {
        if (wallet.refuse) throw 'User cancelled the AuthRequest'
        granted = permissions
      },
      getPermissions: async () => granted,
      async getActivePublicKey() {
        need('ACCESS_PUBLIC_KEY')
        return publicKeys[active]
      },
      async signature(data: Uint8Array) {
        need('SIGNATURE')
        if (wallet.refuse) throw 'User cancelled the AuthRequest'
        const hex = Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('')
        const bytes = (await call.signArweave(active, hex)).match(/../g) ?? []
        return Uint8Array.from(bytes, (pair) => Number.parseInt(pair, 16))
      },
    }
    Object.assign(window, { wallet, arweaveWallet })
  }, owners)
}

const fake = <T>(page: Page, act: (wallet: Faked) => T) =>
  page.evaluate(`(${act})(window.wallet)`) as Promise<T>

/** Signs and sends an `Inc`, from the page in front. */
async function send(page: Page, processId: string): Promise<void> {
  await page.goBack()
  await page.getByLabel('Process').fill(processId)
  await page.getByLabel('Action').fill('Inc')
  await page.getByRole('button', { name: 'Sign and send' }).click()
}

type Kind = { readonly name: string; inject(context: BrowserContext): Promise<void> }

const kinds: readonly Kind[] = [
  { name: 'Ethereum wallet', inject: injectEthereum },
  { name: 'Arweave wallet', inject: injectArweave },
]

/** Wallets as extensions are: they ask, refuse, turn to other accounts and leave. */
const isAsked = process.env.HEDDLE_LOOK === '1' && skipReason === undefined

describe.skipIf(!isAsked)('wallets of the explorer, with HEDDLE_LOOK=1', () => {
  const folder = newDataFolder()
  let node: NodeProcess
  let browser: Browser
  let counter: ProcessHandle

  beforeAll(async () => {
    ;[node, browser] = await Promise.all([startNodeProcess(folder), launchChromium()])
    const client = createClient({ url: node.url, signer: walletSigner(generateWallet()) })
    const source = await readActorSource(counterFile)
    counter = await client.spawn({ source, tags: { Name: 'counter' } })
  })

  afterAll(async () => {
    await browser?.close()
    await node?.stop()
    removeFolder(folder)
  })

  it.each(kinds)('signs with an $name, which may refuse, change and leave', async (kind) => {
    const context = await browser.newContext()
    await kind.inject(context)
    const page = await context.newPage()
    const faults = faultsOf(page)
    await page.goto(`${node.url}/explorer/send`)
    const panel = page.locator('.panel', { hasText: kind.name }).first()
    const toWallet = () =>
      page
        .getByRole('link', { name: /^Wallet/ })
        .first()
        .click()
    await toWallet()

    await fake(page, (wallet) => {
      wallet.refuse = true
    })
    await panel.getByRole('button', { name: 'Connect' }).click()
    await page
      .getByRole('alert')
      .getByText(/refused in the wallet|cancelled/)
      .waitFor()
    await fake(page, (wallet) => {
      wallet.refuse = false
    })
    await panel.getByRole('button', { name: 'Connect' }).click()
    await page.getByRole('heading', { name: 'In use' }).waitFor()
    const first = await page.locator('.facts .id-whole').first().textContent()

    await send(page, counter.id)
    await page.getByText(/slot \d+, its life/).waitFor()
    await fake(page, (wallet) => {
      wallet.refuse = true
    })
    await page.getByRole('button', { name: 'Sign and send' }).click()
    await page
      .getByRole('alert')
      .getByText(/refused in the wallet|cancelled/)
      .waitFor()
    await fake(page, (wallet) => {
      wallet.refuse = false
    })

    await fake(page, (wallet) => wallet.switchTo(1))
    await toWallet()
    if (kind.name.startsWith('Arweave')) {
      // Its key is told without a question, so the page goes with it.
      await page.getByRole('heading', { name: 'In use' }).waitFor()
    } else {
      await page.getByText('connect it again').waitFor()
      await panel.getByRole('button', { name: 'Connect' }).click()
      await page.getByRole('heading', { name: 'In use' }).waitFor()
    }
    expect(await page.locator('.facts .id-whole').first().textContent()).not.toBe(first)
    await fake(page, (wallet) => wallet.leave())
    await page.getByText('connect it again').waitFor()
    expect(await page.getByRole('heading', { name: 'In use' }).count()).toBe(0)
    expect(faults).toEqual([])
    await context.close()
  })
})
