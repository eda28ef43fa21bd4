import { defineConfig } from 'vitepress'

const guide = [
  { text: 'Quickstart', link: '/quickstart' },
  { text: 'Concepts', link: '/concepts' },
  { text: 'Writing actors', link: '/actors' },
  { text: 'Actors in Lua and WASM', link: '/guide/lua-and-wasm' },
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

const reference = [
  { text: 'Commands', link: '/reference/commands' },
  { text: 'HTTP', link: '/reference/http' },
  { text: 'Errors', link: '/reference/errors' },
  { text: 'Limits', link: '/reference/limits' },
  { text: 'Metrics', link: '/reference/metrics' },
  { text: 'Dependencies', link: '/decisions/dependencies' },
]

// biome-ignore lint/style/noDefaultExport: VitePress takes the configuration from it
export default defineConfig({
  title: 'Heddle',
  description: 'A decentralised computer on your machine',
  base: '/docs/',
  cleanUrls: true,
  lastUpdated: false,
  // Links into the repository, not into this site.
  ignoreDeadLinks: [/^\.?\/?(?:\.\.\/)+(?:examples|spec|packages)\//, /\/explorer/],
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Quickstart', link: '/quickstart' },
      { text: 'HTTP', link: '/reference/http' },
    ],
    sidebar: [
      { text: 'Guide', items: guide },
      { text: 'Operating', items: operating },
      { text: 'Reference', items: reference },
    ],
  },
})
