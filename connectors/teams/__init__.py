"""Teams through the Bot Framework and Microsoft Graph; botbuilder and msgraph live here and nowhere else."""
