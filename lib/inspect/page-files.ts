/** A file of the page. */
export interface PageFile {
  readonly type: string
  readonly body: string
}

/**
 * The files of the page, by their paths below that of the inspector. The build puts them here, so that the page needs
 * no file system and is served on every runtime. Next to the sources there are none.
 */
export const PAGE_FILES: Readonly<Record<string, PageFile>> = {}
