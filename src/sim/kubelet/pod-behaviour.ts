import type { ImageBehaviour, ImageBook } from "../image.ts";
import type { Pod } from "../kinds.ts";

/** How an image behaves in this very pod: where pods of one image are to differ, this tells them apart. */
export type PodBook = (pod: Pod, image: string) => ImageBehaviour;

/** All pods of an image behave alike. */
export function uniformPods(book: ImageBook): PodBook {
  return (_, image) => book(image);
}
