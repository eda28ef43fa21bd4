const storageKey = 'heddle-browser-key'

export function hasBrowserKey(): boolean {
  return localStorage.getItem(storageKey) !== null
}

export function readBrowserKey(): string | null {
  return localStorage.getItem(storageKey)
}

export function storeBrowserKey(text: string): void {
  localStorage.setItem(storageKey, text)
}

export function removeBrowserKey(): void {
  localStorage.removeItem(storageKey)
}
