import type { Tag } from '@heddle/sdk'

/** What the page does, as code of the reader's own. */
export type Snippets = { readonly sdk: string; readonly aoconnect: string }

export type MessageDraft = {
  readonly processId: string
  readonly action: string
  readonly tags: readonly Tag[]
  readonly data: string
}

export function sendSnippets(url: string, draft: MessageDraft, isDryRun: boolean): Snippets {
  const { processId, action, tags, data } = draft
  const verb = isDryRun ? 'read' : 'send'
  const fields = [
    ...(action === '' ? [] : [`action: ${quote(action)}`]),
    ...(tags.length === 0 ? [] : [`tags: ${record(tags)}`]),
    ...(data === '' ? [] : [`data: ${quote(data)}`]),
  ]
  const input = fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`
  const all = [...(action === '' ? [] : [{ name: 'Action', value: action }]), ...tags]
  const call = isDryRun ? 'dryrun' : 'message'
  const signer = isDryRun ? '' : '\n  signer: createDataItemSigner(wallet),'
  return {
    sdk: `${sdkHead(url)}
const result = await heddle.process('${processId}').${verb}(${input})
console.log(result.messages)`,
    aoconnect: `${aoconnectHead(url)}
const id = await ao.${call}({
  process: '${processId}',
  tags: ${list(all)},
  data: ${quote(data)},${signer}
})`,
  }
}

export type SpawnDraft = {
  readonly name: string
  readonly tags: readonly Tag[]
  readonly module: string
}

export function spawnSnippets(
  url: string,
  { name, tags, module }: SpawnDraft,
  scheduler: string,
): Snippets {
  const all = [...(name === '' ? [] : [{ name: 'Name', value: name }]), ...tags]
  return {
    sdk: `${sdkHead(url)}
const process = await heddle.spawn({ file: 'actor.ts', tags: ${record(all)} })
console.log(process.id)`,
    aoconnect: `${aoconnectHead(url)}
const id = await ao.spawn({
  module: '${module}',
  scheduler: '${scheduler}',
  tags: ${list([...all, { name: 'Authority', value: scheduler }])},
  data: await readFile('actor.js', 'utf8'),
  signer: createDataItemSigner(wallet),
})`,
  }
}

export function uploadSnippets(url: string, type: string): Snippets {
  return {
    sdk: `${sdkHead(url)}
const id = await heddle.upload({ data, tags: { 'Content-Type': ${quote(type)} } })`,
    aoconnect: `// aoconnect does not upload; @ardrive/turbo-sdk does
const turbo = TurboFactory.authenticated({ privateKey: wallet, uploadServiceConfig: { url: '${url}' } })
await turbo.uploadFile({ fileStreamFactory, fileSizeFactory, dataItemOpts: {
  tags: [{ name: 'Content-Type', value: ${quote(type)} }],
} })`,
  }
}

function sdkHead(url: string): string {
  return `import { createClient, walletFromFile } from '@heddle/sdk'

const heddle = createClient({ url: '${url}', signer: await walletFromFile('wallet.json') })`
}

function aoconnectHead(url: string): string {
  return `import { connect, createDataItemSigner } from '@permaweb/aoconnect'

const ao = connect({
  MODE: 'legacy', MU_URL: '${url}/mu', CU_URL: '${url}/cu', GATEWAY_URL: '${url}',
})`
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`
}

/** An object, or a list where a name comes twice. */
function record(tags: readonly Tag[]): string {
  if (new Set(tags.map(({ name }) => name)).size < tags.length) return list(tags)
  const pairs = tags.map(({ name, value }) => `${key(name)}: ${quote(value)}`)
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`
}

function list(tags: readonly Tag[]): string {
  const all = tags.map(({ name, value }) => `{ name: ${quote(name)}, value: ${quote(value)} }`)
  return `[${all.join(', ')}]`
}

function key(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : quote(name)
}
