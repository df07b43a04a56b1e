// The inputs of Adaptive Cards. Each tells its value as a client sends it, and complains where it stands.
import { el } from "./dom.js";
import { t } from "./words.js";

let count = 0;

export function drawInput(item, scope) {
  const id = `input-${++count}`;
  const error = el("p", { class: "error", id: `${id}-error`, hidden: true }, item.errorMessage || t("required"));
  const [control, value] = (KINDS[item.type] ?? textInput)(item, id, `${scope.mark}#${item.id}`);
  const label = item.label || item.placeholder || item.title || item.id;
  const valid = () => {
    const good = !item.isRequired || Boolean(value().trim());
    error.hidden = good;
    const first = control.matches("input, select, textarea") ? control : control.querySelector("input");
    if (good) first?.removeAttribute("aria-describedby");
    else { first?.setAttribute("aria-describedby", error.id); first?.focus(); }
    return good;
  };
  scope.inputs.set(item.id, { value, valid });
  if (control.matches("fieldset")) {
    control.prepend(el("legend", {}, label));
    return el("div", { class: "input" }, control, error);
  }
  const hidden = item.label || item.type === "Input.Toggle" ? "" : "quiet";
  return el("div", { class: "input" }, el("label", { class: hidden, htmlFor: id }, label), control, error);
}

function textInput(item, id, mark) {
  const common = { id, placeholder: item.placeholder ?? "", value: item.value ?? "", maxLength: item.maxLength || 4000, data: { mark } };
  const node = item.isMultiline ? el("textarea", { ...common, rows: 3 }) : el("input", { ...common, type: { Email: "email", Tel: "tel", Url: "url" }[item.style] ?? "text", autocomplete: "off" });
  return [node, () => node.value];
}

function plainInput(type) {
  return (item, id, mark) => {
    const node = el("input", { id, type, value: item.value ?? "", min: item.min ?? "", max: item.max ?? "", data: { mark } });
    return [node, () => node.value];
  };
}

function toggle(item, id) {
  const on = item.valueOn ?? "true";
  const node = el("input", { id, type: "checkbox", checked: item.value === on });
  return [node, () => (node.checked ? on : item.valueOff ?? "false")];
}

function choices(item, id, mark) {
  const chosen = String(item.value ?? "").split(",");
  if (!item.isMultiSelect && item.style !== "expanded") {
    const empty = item.value ? [] : [el("option", { value: "" }, item.placeholder ?? "–")];
    const node = el("select", { id, data: { mark } }, ...empty, ...(item.choices ?? []).map((choice) => el("option", { value: choice.value }, choice.title)));
    node.value = item.value ?? "";
    return [node, () => node.value];
  }
  const type = item.isMultiSelect ? "checkbox" : "radio";
  const boxes = (item.choices ?? []).map((choice) => el("input", { type, name: id, value: choice.value, checked: chosen.includes(choice.value) }));
  const lines = boxes.map((box, i) => el("label", { class: "check" }, box, el("span", {}, item.choices[i].title)));
  return [el("fieldset", {}, ...lines), () => boxes.filter((box) => box.checked).map((box) => box.value).join(",")];
}

const KINDS = {
  "Input.Text": textInput, "Input.ChoiceSet": choices, "Input.Toggle": toggle,
  "Input.Date": plainInput("date"), "Input.Time": plainInput("time"), "Input.Number": plainInput("number"),
};
