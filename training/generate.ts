import { mkdirSync, writeFileSync } from 'node:fs'
import { generateFiles } from './dataset/generate.ts'
import { tokenizerFile } from './dataset/tokenizer.ts'
import { modelFolder } from './folder.ts'

// Writes the dataset, its held-out parts and the tokenizer: the same bytes every time.
mkdirSync(modelFolder, { recursive: true })
for (const [name, text] of generateFiles()) writeFileSync(new URL(name, modelFolder), text)
writeFileSync(new URL('tokenizer.bin', modelFolder), tokenizerFile())
