import { type Declaration, readExports } from './declarations.ts'
import { generatedBy, page } from './markdown.ts'

/** Headings, each with the files whose exports it holds; what fits none is under the last. */
const sections: readonly (readonly [title: string, pattern: RegExp, about: string])[] = [
  [
    'Client',
    /sdk\/src\/(node\/)?client\.ts$|node-status|transport/,
    'One client speaks to one node.',
  ],
  ['Processes', /process\.ts$|result\.ts$|results-page|tags\.ts$/, 'Messages in, results out.'],
  ['Wallets', /signers|wallet\.ts$|item\/sign|ethereum/, 'Who signs. Keys stay in the program.'],
  ['Storing data', /storage\//, 'Items of any size, and what the index finds.'],
  ['Wide lane', /\/da\//, 'Bulk data with a certificate; loaded when it is first used.'],
  ['Models and provenance', /model|provenance|receipt/, 'Models as items, answers with receipts.'],
  ['Actors from files', /node\/source/, 'In Node only.'],
  ['Errors and items', /./, 'What everything else leans on.'],
]

const browserEntry = 'packages/sdk/src/index.ts'
const nodeEntry = 'packages/sdk/src/node/index.ts'

/** The SDK's reference, from the docstrings and types of its sources. */
export function sdkPage(): string {
  const everywhere = readExports(browserEntry)
  const inNode = readExports(nodeEntry)
  const isEverywhere = new Set(everywhere)
  const isSame = (a: Declaration) => (b: Declaration) => a.name === b.name && a.path === b.path
  const onlyNode = inNode.filter((one) => !everywhere.some(isSame(one)))
  const left = new Set([...everywhere, ...onlyNode])
  const lines = sections.flatMap(([title, pattern, about]) => {
    const own = [...left].filter(({ path }) => pattern.test(path))
    for (const one of own) left.delete(one)
    if (own.length === 0) return []
    const parts = inOrder(own).flatMap((one) => describe(one, isEverywhere.has(one)))
    return [`## ${title}`, '', about, '', ...parts]
  })
  return page('SDK', [
    generatedBy('the sources of `packages/sdk`'),
    'One package, `@heddle/sdk`, for Node and browsers; what only Node has is “in Node”. The consoles’ parts are at',
    '`@heddle/sdk/console`. How calls go together: [the guide to actors](../actors.md) and `packages/sdk/README.md`.',
    '',
    ...lines,
  ])
}

/** Functions first, then what they take and give, each by name. */
function inOrder(found: readonly Declaration[]): readonly Declaration[] {
  const rank = ({ kind }: Declaration) => (kind === 'function' ? 0 : kind === 'class' ? 1 : 2)
  return found.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1))
}

function describe({ name, kind, doc, code }: Declaration, isEverywhere: boolean): string[] {
  const where = isEverywhere ? '' : ' in Node'
  const signature = kind === 'function' ? code.replace(/^(async )?function /, 'function ') : code
  const words = doc === '' ? [] : [textOf(doc), '']
  return [`### ${name}${where}`, '', ...words, '```ts', signature, '```', '']
}

/** Text apart from code: VitePress would take its angle brackets and braces for its own. */
function textOf(doc: string): string {
  return doc
    .split(/(`[^`]*`)/)
    .map((part, at) =>
      at % 2 === 1 ? part : part.replaceAll('<', '&lt;').replaceAll('{{', '&#123;&#123;'),
    )
    .join('')
}
