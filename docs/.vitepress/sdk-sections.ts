/** A page of the SDK's reference. */
export type SdkSection = {
  /** Its file's name. */
  readonly name: string
  readonly title: string
  readonly about: string
  /** Which of the exports it holds, by the path of the file that declares them. */
  readonly holds: RegExp
}

/** In the order of a reader. */
export const sdkSections: readonly SdkSection[] = [
  {
    name: 'client',
    title: 'Client',
    about: 'One client speaks to one node. The same in Node and in browsers: `@heddle/sdk`.',
    holds: /sdk\/src\/(client|node-status|transport)\.ts$/,
  },
  {
    name: 'processes',
    title: 'Processes',
    about: 'Messages in, results out.',
    holds: /sdk\/src\/(process|result|results-page|tags)\.ts$/,
  },
  {
    name: 'wallets',
    title: 'Wallets and items',
    about: 'Who signs, and what is signed. Keys stay in the program.',
    holds: /sdk\/src\/(signers|item-signer|post)\.ts$|protocol\/src\/item\//,
  },
  {
    name: 'storing-data',
    title: 'Storing data',
    about: 'Items of any size, and what the index finds.',
    holds: /sdk\/src\/storage\//,
  },
  {
    name: 'wide-lane',
    title: 'Wide lane',
    about: 'Bulk data with a certificate. This part is loaded when it is first used.',
    holds: /sdk\/src\/da\//,
  },
  {
    name: 'models',
    title: 'Models and provenance',
    about: 'Models as items, answers with receipts, and where an item came from.',
    holds: /sdk\/src\/(models|model-chunks|provenance|receipts)\.ts$|protocol\/src\/lineage\//,
  },
  {
    name: 'errors',
    title: 'Errors',
    about:
      'Every refusal is one of these; its `code` is stable and explained in [the list of errors](../errors.md).',
    holds: /protocol\/src\/base\//,
  },
  {
    name: 'in-node',
    title: 'In Node',
    about:
      'In Node `@heddle/sdk` has all that other pages tell, and these: actors and wallets from files.',
    holds: /sdk\/src\/node\//,
  },
  {
    name: 'consoles',
    title: 'Consoles',
    about:
      '`@heddle/sdk/console`, what consoles share: colours, unfinished code, completion, new results.',
    holds: /sdk\/src\/console\//,
  },
]
