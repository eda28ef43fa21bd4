import { defineConfig } from 'vitepress'
import { sdkSections } from './sdk-sections.ts'

const guide = [
  { text: 'Quickstart', link: '/quickstart' },
  { text: 'Concepts', link: '/concepts' },
  { text: 'Writing actors', link: '/actors' },
  { text: 'Explorer and console', link: '/guide/explorer' },
  { text: 'Actors in Lua and WASM', link: '/guide/lua-and-wasm' },
  { text: 'Module formats', link: '/guide/module-formats' },
  { text: 'Storing data', link: '/guide/storing-data' },
  { text: 'Availability for rollups', link: '/guide/availability' },
  { text: 'Models and agents', link: '/guide/models' },
  { text: 'Verifying', link: '/guide/verifying' },
  { text: 'Moving here', link: '/guide/migrating' },
]

const operating = [
  { text: 'Running a node', link: '/operating/running' },
  { text: 'Metrics and logs', link: '/operating/metrics' },
  { text: 'Backup and upgrade', link: '/operating/backup' },
  { text: 'Scale', link: '/SCALE' },
]

const sdk = sdkSections.map(({ name, title }) => ({
  text: title,
  link: `/reference/sdk/${name}`,
}))

const reference = [
  { text: 'Commands', link: '/reference/commands' },
  { text: 'SDK', link: '/reference/sdk/', collapsed: true, items: sdk },
  { text: 'HTTP', link: '/reference/http' },
  { text: 'Errors', link: '/reference/errors' },
  { text: 'Settings', link: '/reference/settings' },
  { text: 'Limits', link: '/reference/limits' },
  { text: 'Metrics', link: '/reference/metrics' },
  { text: 'Dependencies', link: '/decisions/dependencies' },
]

type Token = {
  type: string
  content: string
  children: Token[] | null
  attrGet(name: string): string | null
}

/** Files of the repository are links for who reads it there; a node does not serve them: words stay. */
function unlinkSources({ tokens }: { tokens: Token[] }): void {
  for (const { children } of tokens) {
    let isLeaving = false
    for (const token of children ?? []) {
      const isOpen = token.type === 'link_open'
      if (isOpen)
        isLeaving = /^(\.\.\/)+(examples|spec|packages)\//.test(token.attrGet('href') ?? '')
      if (!isLeaving || !(isOpen || token.type === 'link_close')) continue
      Object.assign(token, { type: 'text', content: '' })
      if (!isOpen) isLeaving = false
    }
  }
}

// biome-ignore lint/style/noDefaultExport: VitePress takes the configuration from it
export default defineConfig({
  title: 'Heddle',
  description: 'A decentralised computer on your machine',
  base: '/docs/',
  cleanUrls: true,
  lastUpdated: false,
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: '/docs/icon.svg' }]],
  // It would write a style into the page, which the node's policy forbids.
  appearance: { disableTransition: false },
  // Pictures of the explorer, for who reads the repository.
  srcExclude: ['pictures/**'],
  markdown: {
    config: (md) => md.core.ruler.push('leaving', unlinkSources),
    // The usual ones leave comments too pale on our grounds.
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Quickstart', link: '/quickstart' },
      { text: 'SDK', link: '/reference/sdk/' },
      { text: 'HTTP', link: '/reference/http' },
    ],
    sidebar: [
      { text: 'Guide', items: guide },
      { text: 'Operating', items: operating },
      { text: 'Reference', items: reference },
    ],
  },
})
