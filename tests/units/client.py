#!/usr/bin/python3
"""A client in another language: introspects io.schedkit.Manager1 and org.scx.Loader on a bus, compares them with the
shipped XML, and uses them. Arguments: directory of the XML files."""
import sys
import xml.etree.ElementTree as ET

import dbus
import dbus.mainloop.glib

failures = 0


def check(what, good):
    global failures
    if not good:
        print("FAIL:", what)
        failures += 1


def shape(text, name):
    """What counts of an interface: members with types, names, directions and annotations; not their order or docs."""
    for interface in ET.fromstring(text).iter("interface"):
        if interface.get("name") != name:
            continue
        members = set()
        for member in interface:
            if member.tag not in ("method", "signal", "property"):
                continue
            parts = [(a.get("name"), a.get("type"), a.get("direction")) for a in member.iter("arg")]
            notes = sorted((a.get("name"), a.get("value")) for a in member.iter("annotation"))
            members.add((member.tag, member.get("name"), member.get("type"), member.get("access"), tuple(parts), tuple(notes)))
        return members
    return None


def error_of(call, *args):
    try:
        call(*args)
    except dbus.DBusException as error:
        return error.get_dbus_name()
    return ""


bus = dbus.SystemBus()
nothing = dbus.Dictionary({}, signature="sv")


def compare(name, path):
    proxy = bus.get_object(name, path, introspect=False)
    seen = shape(dbus.Interface(proxy, "org.freedesktop.DBus.Introspectable").Introspect(), name)
    with open(f"{sys.argv[1]}/{name}.xml", encoding="ascii") as file:
        shipped = shape(file.read(), name)
    check(f"{name}: served but not shipped: {sorted(map(str, (seen or set()) - (shipped or set())))}", seen and seen <= shipped)
    check(f"{name}: shipped but not served: {sorted(map(str, (shipped or set()) - (seen or set())))}", seen and shipped <= seen)
    return proxy


proxy = compare("io.schedkit.Manager1", "/io/schedkit/Manager1")
manager = dbus.Interface(proxy, "io.schedkit.Manager1")
properties = dbus.Interface(proxy, "org.freedesktop.DBus.Properties")
values = properties.GetAll("io.schedkit.Manager1")
check(f"14 properties or so: {list(values)}", len(values) >= 13 and values["DaemonVersion"])
check("status is JSON of schema 1", '"schema_version": "1"' in manager.Status())
check("lists", isinstance(manager.ListRules(), dbus.Array) and isinstance(manager.ListSchedulers(), dbus.Array))
check("policy files", isinstance(manager.ListPolicyFiles(), dbus.Array))
check("history", manager.History(dbus.UInt32(5)).startswith(("[", "{")))
check("explain", "{" in manager.Explain("", "json"))
manager.Reload()
check("an unknown scheduler", error_of(manager.Run, "nobody", nothing) == "io.schedkit.Error.NotFound")
check("a wrong type", error_of(manager.Run, "kernel", dbus.Dictionary({"until": dbus.UInt32(1)}, signature="sv")) == "io.schedkit.Error.Invalid")
manager.Stop()
check("the override shows", properties.Get("io.schedkit.Manager1", "Override") != "")
manager.Auto()
check("and is gone", properties.Get("io.schedkit.Manager1", "Override") == "")

cookie = manager.Hold("kernel", "a test", nothing)
holds = properties.Get("io.schedkit.Manager1", "Holds")
check(f"the hold shows: {holds}", [str(h[4]) for h in holds] == ["a test"] and holds[0][0] == cookie)
check("an image cannot be held", error_of(manager.Hold, "oci:/x:y", "", nothing) == "io.schedkit.Error.Invalid")
manager.Release(cookie)
check("released twice", error_of(manager.Release, cookie) == "io.schedkit.Error.NotFound")

check("nobody serves the loader", not bus.name_has_owner("org.scx.Loader"))
manager.ServeLoader(True)
loader = compare("org.scx.Loader", "/org/scx/Loader")
values = dbus.Interface(loader, "org.freedesktop.DBus.Properties").GetAll("org.scx.Loader")
check(f"the loader's properties: {values}", values["CurrentScheduler"] == "unknown" and values["SchedulerMode"] == 0)
check("its generation", values["DaemonGeneration"] == bus.get_name_owner("org.scx.Loader"))
loader = dbus.Interface(loader, "org.scx.Loader")
check("start of nothing", error_of(loader.StartScheduler, "scx_lavd", dbus.UInt32(0)) == "org.freedesktop.DBus.Error.Failed")
loader.StopScheduler()
loader.RestoreDefault()
manager.ServeLoader(False)
check("given up", not bus.name_has_owner("org.scx.Loader"))
sys.exit(1 if failures else 0)
