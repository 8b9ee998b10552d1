// ReDoc loads its maker's logo from a server of theirs, and has no setting against it. The policy
// refuses that; here the image fails before anyone is asked, and ReDoc leaves it out.
"use strict";
{
  const isForeign = (value) =>
    /^https?:/.test(value) && new URL(value).origin !== window.location.origin;

  const fail = (image) => window.setTimeout(() => image.dispatchEvent(new Event("error")));

  const setAttribute = HTMLImageElement.prototype.setAttribute;
  HTMLImageElement.prototype.setAttribute = function (name, value) {
    if (name === "src" && isForeign(value)) fail(this);
    else setAttribute.call(this, name, value);
  };

  const src = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, "src");
  Object.defineProperty(HTMLImageElement.prototype, "src", {
    ...src,
    set(value) {
      if (isForeign(value)) fail(this);
      else src.set.call(this, value);
    },
  });
}
