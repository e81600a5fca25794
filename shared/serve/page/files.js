// Files: a CSV, photos, or a zip of photos; by picker or drop.
import { element, save } from "./elements.js";
import { fileOf } from "./inputs.js";
import { bytes, number, write } from "./language.js";
import { exampleCsv, isFlat } from "./paste.js";
import { settings } from "./questions.js";
import { refuse } from "./service.js";
import { readTable, textOf } from "./tables.js";

const TABLE = /\.(csv|tsv|txt)$/i;
const ZIP = /\.zip$/i;
const MOST_PICTURES = 60; // photos of which heatmaps are asked
const MOST_BYTES = 8e6; // of a zip, whose photos cannot be counted here

export class Files {
  name = "file";

  constructor(model, changed) {
    this.model = model;
    this.changed = changed;
    this.files = [];
    const photo = model.fields.find((field) => field.kind === "photo");
    this.input = element("input", {
      type: "file", id: "files", class: "visually-hidden", multiple: true,
      accept: photo ? ".csv,.tsv,.txt,.zip,image/*" : ".csv,.tsv,.txt",
      on: { change: () => this.take([...this.input.files]) },
    });
    this.text = element("span", { word: photo ? "dropPhotos" : "dropTable" });
    this.previews = element("div", { class: "previews" });
    const box = element("label", { class: "drop" }, this.input, this.text);
    this.dropped(box);
    this.pictures = model.kind === "image" ? heatmapBox(changed) : null;
    const example = () => this.take([fileOf(photo.example)]);
    const download = () => save("example.csv", exampleCsv(model));
    const button = photo
      ? element("button", { type: "button", word: "examplePhoto", on: { click: example } })
      : isFlat(model) && element("button", { type: "button", word: "exampleFile", on: { click: download } });
    const together = element("div", { class: "together" }, button);
    this.node = element("form", {}, together, box, this.previews, this.pictures?.node);
  }

  dropped(box) {
    const over = (event) => {
      event.preventDefault();
      box.classList.toggle("over", event.type === "dragover");
    };
    for (const name of ["dragover", "dragleave", "drop"]) box.addEventListener(name, over);
    box.addEventListener("drop", (event) => this.take([...event.dataTransfer.files]));
  }

  take(files) {
    if (!files.length) return;
    this.files = files;
    const size = () => bytes(files.reduce((sum, file) => sum + file.size, 0));
    if (files.length === 1) write(this.text, "chosenOne", { name: files[0].name, size });
    else write(this.text, "chosen", { count: () => number(files.length), size });
    const photos = files.filter((file) => file.type.startsWith("image/")).slice(0, 12);
    this.previews.replaceChildren(...photos.map((file) =>
      element("img", { src: URL.createObjectURL(file), alt: file.name, title: file.name })));
    this.changed();
  }

  async question() {
    if (!this.files.length) refuse("nothingToSend");
    const { files, model } = this;
    const tables = files.filter((file) => TABLE.test(file.name));
    const sent = tables.length === 1 ? readTable(await textOf(tables[0])) : null;
    if (tables.length === 1 && files.length === 1) {
      return { table: tables[0], asked: settings(model, { count: sent?.length }), sent };
    }
    const size = files.reduce((sum, file) => sum + file.size, 0);
    const few = files.length <= MOST_PICTURES && (size <= MOST_BYTES || !files.some((file) => ZIP.test(file.name)));
    const pictures = few && this.pictures?.input.checked;
    const count = sent ? sent.length : files.length;
    return { files, asked: settings(model, { count, pictures }), sent, photos: files };
  }

  mark() {
    return null;
  }
}

function heatmapBox(changed) {
  const input = element("input", { type: "checkbox", id: "pictures", checked: true, on: { change: changed } });
  const label = element("label", { for: "pictures", word: "heatmaps", values: { most: MOST_PICTURES } });
  return { input, node: element("p", { class: "check" }, input, label) };
}
