"""The registration of the toy wing."""

from core.ports.wing import Command, Wing

TOY = Wing(
    name="toy",
    settings="toy.settings:ToySettings",
    commands=(
        Command(name="greet", function="toy.cli.greet:greet", help="Greet somebody.", group="Toy"),
        Command(name="greetings list", function="toy.cli.greet:greetings_list", help="List who was greeted.", group="Toy"),
    ),
    migrations="toy.tables:MIGRATIONS",
    subscribers="toy.subscriber:subscribe",
    handlers={"greeting": "toy.handler:handler"},
    runners={"toy": "toy.handler:runner"},
    doctor="toy.doctor:diagnose",
)
